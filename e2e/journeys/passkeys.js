// Passkeys, with an authenticator that Chromium imitates. They are bound to names, and 127.0.0.1 is none.

import assert from "node:assert/strict";
import { gateway, newBuyer, newMerchant } from "../world.js";
import { logsIn } from "./account.js";

const named = gateway.replace("127.0.0.1", "localhost");

/** Plugs an authenticator in that confirms by itself, and gives a way to pull it out again. */
async function plugsIn(visitor) {
  const session = await visitor.page.context().newCDPSession(visitor.page);
  await session.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", { options });
  return (isUserVerified) => session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
}

/** Has the script ask, and waits for the page behind the answer. */
function confirms(visitor) {
  return visitor.confirm("form[data-passkey] button");
}

async function makesOne(visitor, secrets) {
  await visitor.see("passkeys");
  await visitor.fill({ passkey_name: "blue key" });
  for (const [name, value] of Object.entries(secrets)) await visitor.page.locator(`#new-${name}`).fill(value);
  await visitor.send('form:has([name="passkey_name"])');
  await visitor.see("passkey-new");
  await confirms(visitor);
  if (await visitor.has("#code")) {
    await visitor.see("passkey-new-code");
    await visitor.follow("main .actions a");
  }
  await visitor.see("passkeys-one");
  assert.match(await visitor.read("main"), /blue key/);
}

/** A buyer makes one, is asked for it, and fails without it. */
export async function isAskedForIt(visitor) {
  const buyer = await newBuyer("20.00");
  const verified = await plugsIn(visitor);
  await visitor.go(`${named}/login`);
  await logsIn(visitor, buyer);
  await visitor.go(`${named}/wallet/account`);
  await visitor.follow("/wallet/account/passkeys");
  await makesOne(visitor, { pin: buyer.pin, password: buyer.password });
  await visitor.go(`${named}/logout`);
  await visitor.send();
  await visitor.go(`${named}/login`);
  await logsIn(visitor, buyer);
  await visitor.see("passkey-asked");
  await verified(false);
  await visitor.page.locator("form[data-passkey] button").click();
  await visitor.page.locator('[data-when="refused"]').waitFor({ state: "visible" });
  await verified(true);
  await confirms(visitor);
  assert.equal(visitor.path, "/wallet");
  await visitor.see("wallet-with-passkey");
}

/** A merchant opens the desk without the key. */
export async function opensTheDesk(visitor) {
  const merchant = await newMerchant("Passkeys & Sons");
  await plugsIn(visitor);
  await visitor.go(`${named}/desk/login`);
  await visitor.fill({ key: merchant.key });
  await visitor.send();
  await visitor.follow("/desk/passkeys");
  await makesOne(visitor, { key: merchant.key });
  await visitor.go(`${named}/desk/logout`);
  await visitor.send();
  await visitor.go(`${named}/desk/login`);
  await visitor.see("desk-login-with-passkey");
  await visitor.send('form:has([name="passkey"])');
  await visitor.see("desk-passkey-asked");
  await confirms(visitor);
  assert.equal(visitor.path, "/desk");
}
