// WordPress: Debian's own, behind Debian's OpenID Connect client; and what WordPress's most used plugin of that kind says to a
// gateway, which no package registry has.

import assert from "node:assert/strict";
import { request } from "node:http";
import { call, gateway, newBuyer, newMerchant, shop } from "../world.js";
import { logsIn } from "./account.js";

const wordpress = process.env.E2E_WORDPRESS;

/** A reader logs in to WordPress, is known there by a name that tells nothing, and logs out of both. */
export async function reads(visitor) {
  const buyer = await newBuyer();
  await visitor.go(`${wordpress}/wp-login.php`);
  await visitor.see("shop-login");
  await logsIn(visitor, buyer);
  await visitor.see("shop-consent");
  await visitor.send();
  assert.ok(visitor.page.url().startsWith(wordpress), visitor.page.url());
  await visitor.go(`${wordpress}/wp-admin/profile.php`);
  const name = await visitor.page.locator("#user_login").inputValue();
  assert.match(name, /^[a-z0-9_-]+$/i);
  assert.ok(!name.includes("@") && !buyer.email.includes(name), name);
  await visitor.go(`${wordpress}/purser?logout=${encodeURIComponent(`${wordpress}/`)}`);
  if (visitor.path.startsWith("/oauth/end-session")) await visitor.send();
  assert.equal(visitor.page.url(), `${wordpress}/`);
  await visitor.go(`${gateway}/wallet`);
  assert.equal(visitor.path, "/login", "they are logged out of the gateway too");
}

/** As the plugin "OpenID Connect Generic" asks: a redirect address with a query, its secret in the body, neither challenge nor nonce. */
export async function asksAsThePluginDoes(visitor) {
  const buyer = await newBuyer();
  const merchant = await newMerchant("Kerzenladen");
  const redirect_uri = `${shop}/wp-admin/admin-ajax.php?action=openid-connect-authorize`;
  const home = `${shop}/`;
  const { client_id, client_secret } = await call("POST", "/v1/login-clients", {
    key: merchant.key,
    body: {
      redirect_uris: [redirect_uri],
      post_logout_redirect_uris: [home],
      require_pkce: false,
      id_token_signed_response_alg: "RS256",
    },
  });
  const scope = "openid email profile";
  const discovered = await call("GET", "/.well-known/openid-configuration");
  const asked = new URLSearchParams({ response_type: "code", scope, client_id, state: "5d41402abc4b2a76", redirect_uri });
  await visitor.go(`${discovered.authorization_endpoint}?${asked}`);
  await logsIn(visitor, buyer);
  await visitor.send();
  const came = new URL(visitor.page.url()).searchParams;
  assert.deepEqual([came.get("action"), came.get("state")], ["openid-connect-authorize", "5d41402abc4b2a76"]);
  const body = { code: came.get("code"), client_id, client_secret, redirect_uri, grant_type: "authorization_code", scope };
  const tokens = await post(discovered.token_endpoint, { body });
  assert.equal(tokens.token_type.toLowerCase(), "bearer");
  const [header, claims] = tokens.id_token.split(".").slice(0, 2).map((part) => JSON.parse(Buffer.from(part, "base64url")));
  assert.deepEqual([header.alg, claims.iss, claims.aud], ["RS256", discovered.issuer, client_id]);
  const user = await post(discovered.userinfo_endpoint, { bearer: tokens.access_token });
  assert.equal(user.sub, claims.sub);
  assert.match(user.email, /^[^@]+@[^@]+$/);
  assert.ok(user.preferred_username && user.email !== buyer.email, JSON.stringify(user));
  const end = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: home });
  await visitor.go(`${discovered.end_session_endpoint}?${end}`);
  if (visitor.path.startsWith("/oauth/end-session")) await visitor.send();
  assert.equal(visitor.page.url(), home);
}

/** The plugin names the host without its port, and asks for what is known of the user with POST. */
function post(address, { body, bearer }) {
  const url = new URL(address);
  const headers = { host: url.hostname, "content-type": "application/x-www-form-urlencoded" };
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: "POST", headers }, async (answer) => {
      const pieces = await answer.toArray();
      const text = Buffer.concat(pieces).toString();
      if (answer.statusCode === 200) resolve(JSON.parse(text));
      else reject(new Error(`${address} answered ${answer.statusCode}: ${text}`));
    });
    asked.on("error", reject);
    asked.end(body ? new URLSearchParams(body).toString() : "");
  });
}
