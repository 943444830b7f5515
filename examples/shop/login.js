// Buyers log in at the gateway, as at any OpenID Connect provider. The shop sees no e-mail, PIN or password: it gets a name for
// the buyer that no other shop has.

import * as oidc from "openid-client";

export class Login {
  #settings;
  #provider;

  constructor(settings) {
    this.#settings = settings;
  }

  /** Where to send the browser, and what must be remembered until it comes back. */
  async begin() {
    const provider = await this.#discovered();
    const pending = {
      verifier: oidc.randomPKCECodeVerifier(),
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
    };
    const url = oidc.buildAuthorizationUrl(provider, {
      redirect_uri: `${this.#settings.shop}/login/done`,
      scope: "openid profile",
      code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: "S256",
      state: pending.state,
      nonce: pending.nonce,
    });
    return { url: url.href, pending };
  }

  /** Who came back. Throws where the answer is not the one to what was begun. */
  async finish(url, pending) {
    const provider = await this.#discovered();
    const tokens = await oidc.authorizationCodeGrant(provider, url, {
      pkceCodeVerifier: pending.verifier,
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      idTokenExpected: true,
    });
    const { sub } = tokens.claims();
    const { preferred_username } = await oidc.fetchUserInfo(provider, tokens.access_token, sub);
    return { sub, name: preferred_username, idToken: tokens.id_token };
  }

  /** Where to send the browser to log out at the gateway too. */
  async end(buyer) {
    const provider = await this.#discovered();
    const end = { id_token_hint: buyer.idToken, post_logout_redirect_uri: `${this.#settings.shop}/` };
    return oidc.buildEndSessionUrl(provider, end).href;
  }

  /** What the gateway says of itself; asked once, and again where that failed. */
  #discovered() {
    this.#provider ??= this.#discover().catch((error) => {
      this.#provider = undefined;
      throw error;
    });
    return this.#provider;
  }

  async #discover() {
    const { gateway, login } = this.#settings;
    // A sandbox is reached by plain http; the library then wants to be told. There the ID token's signature is all that says who
    // made it, and the library checks it only if asked to.
    const extensions = [oidc.enableNonRepudiationChecks];
    if (gateway.startsWith("http:")) extensions.push(oidc.allowInsecureRequests);
    const authentication = oidc.ClientSecretPost(login.clientSecret);
    const metadata = { id_token_signed_response_alg: "EdDSA" };
    return oidc.discovery(new URL(gateway), login.clientId, metadata, authentication, { execute: extensions });
  }
}
