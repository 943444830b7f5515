// A merchant at the desk.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { asOperator, call, gateway, hears, newBuyer, newMerchant, offerOf, shop } from "../world.js";

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
  const [, button] = (await visitor.read("#snippet")).match(/^<a href="([^"]+)"/);
  assert.equal(button, link, "the button leads where the link does");
  await visitor.follow("a#link");
  await visitor.see("desk-offer-at-the-till");
  assert.match(await visitor.read("main section h2"), /^A <b>candle<\/b>$/);
  await buys(buyer, new URL(link, gateway).searchParams.get("offer"));
  await hears(merchant);
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

/** Signs with another key, and deletes the one before: offers that it signed are worth nothing from then on. */
export async function rotatesAKey(visitor) {
  const merchant = await newMerchant("Kerzen & Söhne");
  const before = await offerOf(merchant, "A candle", "10.00");
  await enters(visitor, merchant);
  await visitor.go(`${gateway}/desk/offer-keys`);
  await visitor.fill({ alg: "HS256" });
  await visitor.send();
  const behind = await offerOf(merchant, "A candle", "10.00");
  await visitor.go(`${gateway}/pay?offer=${before}`);
  await visitor.see("pay-both-keys");
  await visitor.go(`${gateway}/desk/offer-keys`);
  await visitor.see("desk-offer-keys-two");
  await visitor.send(`form[action="/desk/offer-keys/${merchant.kid}/delete"]`);
  await visitor.see("desk-offer-key-deleted");
  assert.equal(await visitor.page.locator("main tbody tr").count(), 1);
  await visitor.go(`${gateway}/pay?offer=${before}`);
  await visitor.see("pay-key-deleted", { status: 422 });
  await visitor.go(`${gateway}/pay?offer=${behind}`);
  await visitor.see("pay-key-left");
}

/** A shop's server whose answer is set. */
async function opensAShop() {
  const server = createServer((_, response) => response.writeHead(server.status).end());
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** Was not there when it was told of a sale: sees that, and has it told again. */
export async function missesADelivery(visitor) {
  const [merchant, buyer, server] = [await newMerchant("Kerzen & Söhne"), await newBuyer("50.00"), await opensAShop()];
  try {
    server.status = 500;
    const body = { url: `http://127.0.0.1:${server.address().port}/`, events: ["purchase.paid"] };
    const { id } = await call("POST", "/v1/webhooks", { key: merchant.key, body });
    await buys(buyer, await offerOf(merchant, "A candle", "10.00"));
    await enters(visitor, merchant);
    const delivery = 'section[aria-labelledby="deliveries"] article';
    await visitor.goUntil(`${gateway}/desk/webhooks/${id}`, `${delivery} tbody tr`);
    await visitor.see("desk-delivery-missed");
    assert.ok(!(await visitor.has(`${delivery} .badge.good`)), "it did not arrive");
    server.status = 204;
    await visitor.send('form[action$="/replay"]');
    await visitor.goUntil(`${gateway}/desk/webhooks/${id}`, `${delivery} .badge.good`);
    await visitor.see("desk-delivery-replayed");
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The file of a kind that the page of a month leads to. */
async function statement(visitor, kind) {
  const link = visitor.page.locator(`main a[href$=".${kind}"]`);
  return (await visitor.download(await link.getAttribute("href"))).toString();
}

/** Is paid what it is owed, and gives the month to whoever keeps its books. */
export async function isPaidOut(visitor) {
  const [merchant, buyer] = [await newMerchant("Kerzen & Söhne"), await newBuyer("50.00")];
  await buys(buyer, await offerOf(merchant, "A candle", "10.00"));
  await hears(merchant);
  const payout = await asOperator("POST", "/v1/payouts", { merchant: merchant.id, currency: "EUR" });
  await enters(visitor, merchant);
  await visitor.go(`${gateway}/desk/payouts`);
  await visitor.see("desk-payouts-under-way");
  assert.equal(await visitor.read("main tbody th"), payout.id);
  await asOperator("POST", `/v1/payouts/${payout.id}/confirm`, {});
  await visitor.go(`${gateway}/desk/payouts`);
  await visitor.see("desk-payouts-confirmed");
  await visitor.go(`${gateway}/desk/statements`);
  await visitor.see("desk-statements-month");
  const lines = await visitor.page.locator("main tbody tr").count();
  assert.equal(lines, 2, "a sale and a payout");
  const [table, document] = [await statement(visitor, "csv"), await statement(visitor, "json")];
  assert.match(table, /A candle/);
  assert.ok(table.trim().split("\n").length > lines, table);
  assert.equal(JSON.parse(document).merchant, merchant.id);
  await visitor.go(`${gateway}/desk/logout`);
  await visitor.see("desk-log-out");
}
