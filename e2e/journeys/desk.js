// A merchant at the desk.

import assert from "node:assert/strict";
import { call, gateway, newBuyer, newMerchant, offerOf, shop } from "../world.js";

const buys = (buyer, offer) => call("POST", "/v1/purchases", { key: buyer.key, body: { offers: [offer] } });

async function enters(visitor, merchant) {
  await visitor.go(`${gateway}/desk`);
  assert.equal(visitor.path, "/desk/login");
  await visitor.see("desk-login");
  await visitor.fill({ key: "sk_not_a_key" });
  await visitor.send();
  await visitor.see("desk-login-refused", { status: 401 });
  await visitor.fill({ key: merchant.key });
  await visitor.send();
  assert.equal(visitor.path, "/desk");
}

/** Makes an offer, sees it sold, gives the money back, and reads the books. */
export async function sells(visitor) {
  const [merchant, buyer] = [await newMerchant("Kerzen & <Söhne>"), await newBuyer("50.00")];
  await enters(visitor, merchant);
  await visitor.see("desk-empty");
  await visitor.go(`${gateway}/desk/offers`);
  await visitor.see("desk-offers");
  await visitor.fill({ "item.title": "A <b>candle</b>", "item.id": "candle", "price.amount": "10.00", "price.currency": "EUR" });
  await visitor.send();
  await visitor.see("desk-offer", { status: 201 });
  const link = await visitor.page.locator("a#link").getAttribute("href");
  await buys(buyer, new URL(link, gateway).searchParams.get("offer"));
  await visitor.go(`${gateway}/desk/sales`);
  await visitor.see("desk-sales");
  await visitor.follow("#sales a");
  await visitor.see("desk-sale");
  await visitor.send();
  await visitor.see("desk-sale-refunded");
  await visitor.go(`${gateway}/desk`);
  await visitor.see("desk");
  for (const page of ["statements", "payouts"]) {
    await visitor.go(`${gateway}/desk/${page}`);
    await visitor.see(`desk-${page}`);
  }
}

/** Watches a sale arrive on a page that nobody loads again. */
export async function watches(visitor) {
  const [merchant, buyer] = [await newMerchant("Kerzen & Söhne"), await newBuyer("50.00")];
  await enters(visitor, merchant);
  await visitor.go(`${gateway}/desk/sales`);
  const heard = visitor.page.waitForResponse((answer) => answer.url().endsWith("/desk/events"));
  await visitor.go(`${gateway}/desk/sales`);
  await heard;
  await buys(buyer, await offerOf(merchant, "A candle", "10.00"));
  await visitor.page.locator("#sales a", { hasText: "A candle" }).waitFor();
}

/** Makes webhooks, keys and a login client, and takes them away again. */
export async function setsUp(visitor) {
  const merchant = await newMerchant("Kerzen & Söhne");
  await enters(visitor, merchant);
  await visitor.go(`${gateway}/desk/webhooks`);
  await visitor.see("desk-webhooks");
  await visitor.fill({ url: `${shop}/webhooks/purser` });
  await visitor.send();
  await visitor.see("desk-webhook-made", { status: 201 });
  await visitor.go(`${gateway}/desk/webhooks`);
  await visitor.follow("main table a");
  await visitor.see("desk-webhook");
  await visitor.send('form[action$="/test"]');
  await visitor.see("desk-webhook-tested");
  for (const [page, fields] of [
    ["keys", { "scopes[]": true }],
    ["offer-keys", { alg: "HS256" }],
    ["logins", { name: "Shop", redirect_uris: "https://shop.example/callback" }],
  ]) {
    await visitor.go(`${gateway}/desk/${page}`);
    await visitor.see(`desk-${page}`);
    await visitor.fill(fields);
    await visitor.send();
    await visitor.see(`desk-${page}-made`, { status: 201 });
    assert.match(await visitor.read("main"), /\S{32}/, "its secret is shown");
    await visitor.go(`${gateway}/desk/${page}`);
    await visitor.see(`desk-${page}-there`);
  }
  await visitor.send('form[action^="/desk/logins/"]');
}
