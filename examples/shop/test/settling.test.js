// What the shop believes, and what it does not: receipts and deliveries, genuine and forged. The keys here are made for the test.

import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SignJWT, createLocalJWKSet, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify } from "jose";
import { Webhook } from "standardwebhooks";
import { bookOf } from "../catalogue.js";
import { Offers } from "../offers.js";
import { Orders } from "../orders.js";
import { receive } from "../webhooks.js";

const settings = {
  gateway: "https://pay.example",
  sandbox: false,
  shop: "https://shop.example",
  merchant: "merch_1",
  offerKey: { kid: "k1", secret: "an offer secret of at least 32 bytes" },
  webhookSecret: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
};

const genuine = await generateKeyPair("EdDSA");
const forged = await generateKeyPair("EdDSA");
const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(genuine.publicKey)), kid: "g1", alg: "EdDSA" }] });
const offers = new Offers(settings, keys);

function newFile() {
  return join(mkdtempSync(join(tmpdir(), "shop-")), "orders.jsonl");
}

function placed(file = newFile()) {
  const orders = new Orders(file);
  return { file, orders, order: orders.place(bookOf("feathers"), "buyer", "2026-01-01T00:00:00Z") };
}

function receiptFor(order, change = {}) {
  const { claims, gross, typ = "receipt+jwt", key = genuine.privateKey } = change;
  const item = { id: "item_1", offer_id: order.id, title: "x", gross: { amount: "3.90", currency: "EUR", ...gross } };
  return new SignJWT({ iss: settings.gateway, aud: settings.merchant, sale: "sale_1", items: [item], ...claims })
    .setProtectedHeader({ alg: "EdDSA", kid: "g1", typ })
    .sign(key);
}

async function delivered(event, { orders, id = "evt_1", secret = settings.webhookSecret }) {
  const [body, at] = [JSON.stringify(event), new Date()];
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
  return receive({ headers }, body, { settings, offers, orders });
}

test("an offer is signed by the shop alone, and can be bought once", async () => {
  const { order } = placed();
  const link = new URL(await offers.payLink(order));
  assert.equal(link.origin + link.pathname, "https://pay.example/pay");
  const offer = link.searchParams.get("offer");
  const secret = new TextEncoder().encode(settings.offerKey.secret);
  const { payload } = await jwtVerify(offer, secret, { audience: settings.gateway, typ: "offer+jwt" });
  assert.equal(decodeProtectedHeader(offer).kid, "k1");
  assert.deepEqual([payload.iss, payload.jti, payload.single_use], ["merch_1", order.id, true]);
  assert.deepEqual(payload.price, { amount: "3.90", currency: "EUR" });
  assert.equal(decodeJwt(offer).return_url, `https://shop.example/orders/${order.id}/return`);
});

test("a receipt settles its order, once, and that outlasts a restart", async () => {
  const { file, orders, order } = placed();
  for (const _ of [1, 2]) orders.settle(await offers.salesOf(await receiptFor(order)));
  assert.equal(orders.of(order.id).state, "paid");
  appendFileSync(file, '{"refunded":{"id"');
  const again = new Orders(file);
  assert.deepEqual([again.of(order.id).state, again.of(order.id).sale], ["paid", "sale_1"]);
  assert.equal(again.by("buyer").length, 1);
  assert.equal(again.by("somebody else").length, 0);
});

test("a receipt that is not the gateway's, not for this shop or no receipt is refused", async () => {
  const { order } = placed();
  for (const change of [
    { key: forged.privateKey },
    { claims: { iss: "https://other.example" } },
    { claims: { aud: "merch_2" } },
    { typ: "JWT" },
  ]) {
    await assert.rejects(async () => offers.salesOf(await receiptFor(order, change)), JSON.stringify(change));
  }
  await assert.rejects(offers.salesOf(`${Buffer.from('{"alg":"none","typ":"receipt+jwt"}').toString("base64url")}.e30.`));
});

test("a receipt of another order or another amount settles nothing", async () => {
  const { orders, order } = placed();
  for (const [of, gross] of [[{ id: "order-x" }, {}], [order, { amount: "0.39" }], [order, { currency: "JPY" }]]) {
    orders.settle(await offers.salesOf(await receiptFor(of, { gross })));
    assert.equal(orders.of(order.id).state, "open");
  }
});

test("a delivery releases the book, however often it comes, and only if the gateway signed it", async () => {
  const { orders, order } = placed();
  const event = { type: "purchase.paid", data: { receipt: await receiptFor(order) } };
  const other = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
  assert.equal(await delivered(event, { orders, secret: other }), 400);
  assert.equal(orders.of(order.id).state, "open");
  for (const _ of [1, 2]) assert.equal(await delivered(event, { orders }), 204);
  assert.equal(orders.of(order.id).state, "paid");
});

test("what went back is not released again, in whatever order the two are told", async () => {
  const refund = (order) => ({ type: "refund.made", data: { offer_id: order.id } });
  const sale = async (order) => ({ type: "purchase.paid", data: { receipt: await receiptFor(order) } });
  for (const isTurned of [false, true]) {
    const { orders, order } = placed();
    const events = [await sale(order), refund(order)];
    if (isTurned) events.reverse();
    for (const [index, event] of events.entries()) {
      assert.equal(await delivered(event, { orders, id: `evt_${index}` }), 204);
    }
    assert.equal(orders.of(order.id).state, "refunded");
  }
});
