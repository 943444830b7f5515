// A shop with npm `openid-client`, told what to do on its standard input, a line each.
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";
import * as oidc from "openid-client";

const [issuer, id, secret, alg, auth, redirectUri] = process.argv.slice(2);
const method = auth === "basic" ? oidc.ClientSecretBasic(secret) : oidc.ClientSecretPost(secret);
const metadata = { client_secret: secret, id_token_signed_response_alg: alg };
const provider = await oidc.discovery(new URL(issuer), id, metadata, method, {
  execute: [oidc.allowInsecureRequests],
});
// Signatures are checked too: the library leaves that to TLS unless it is asked.
oidc.enableNonRepudiationChecks(provider);

const jwks = await (await fetch(provider.serverMetadata().jwks_uri)).json();
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

// The token response with an ID token that somebody else has made.
function forge(how) {
  return async (url, options) => {
    const response = await fetch(url, options);
    if (!String(url).endsWith("/oauth/token")) return response;
    const tokens = await response.json();
    const [header, payload, signature] = tokens.id_token.split(".");
    const named = JSON.parse(Buffer.from(header, "base64url"));
    if (how === "none") {
      tokens.id_token = `${base64url({ ...named, alg: "none" })}.${payload}.`;
    } else if (how === "hs256") {
      const signed = `${base64url({ ...named, alg: "HS256" })}.${payload}`;
      const key = JSON.stringify(jwks.keys.find(({ kid }) => kid === named.kid));
      tokens.id_token = `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
    } else {
      const claims = JSON.parse(Buffer.from(payload, "base64url"));
      tokens.id_token = `${header}.${base64url({ ...claims, sub: "somebody else" })}.${signature}`;
    }
    return Response.json(tokens, { status: response.status });
  };
}

const told = (tokens) => ({ tokens, claims: tokens.claims() });

const deeds = {
  async start({ parameters }) {
    const verifier = oidc.randomPKCECodeVerifier();
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
    const url = oidc.buildAuthorizationUrl(provider, {
      redirect_uri: redirectUri,
      scope: "openid profile email offline_access",
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
      ...parameters,
    });
    return { url: url.href, verifier, state, nonce };
  },
  async finish({ url, verifier, state, nonce, forged }) {
    provider[oidc.customFetch] = forged ? forge(forged) : undefined;
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
    return told(await oidc.authorizationCodeGrant(provider, new URL(url), checks));
  },
  refresh: async ({ token }) => told(await oidc.refreshTokenGrant(provider, token)),
  userinfo: ({ token, sub }) => oidc.fetchUserInfo(provider, token, sub),
  revoke: async ({ token }) => ((await oidc.tokenRevocation(provider, token)), {}),
  logout: ({ token, after }) => ({
    url: oidc.buildEndSessionUrl(provider, { id_token_hint: token, post_logout_redirect_uri: after }).href,
  }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { deed, ...given } = JSON.parse(line);
  try {
    console.log(JSON.stringify(await deeds[deed](given)));
  } catch (error) {
    console.log(JSON.stringify({ error: error.error ?? error.code ?? error.name, message: String(error.message) }));
  }
}
