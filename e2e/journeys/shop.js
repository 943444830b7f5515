// A buyer and the bookshop.

import assert from "node:assert/strict";
import { call, gateway, newBuyer, newMerchant, newPerson, shop, soldCard } from "../world.js";
import { entersTheWallet, logsIn } from "./account.js";

/** The pay page's HTML and CSS. */
const PAY_BYTES_MAX = 30_000;

/** Logs in through the shop, pays, reads, and logs out. */
export async function readsABook(visitor) {
  const buyer = await newBuyer("50.00");
  await visitor.go(`${shop}/`);
  await visitor.see("shop");
  await visitor.follow("/books/feathers");
  await visitor.see("shop-book");
  await visitor.follow("/login?book=feathers");
  await visitor.see("shop-login");
  await logsIn(visitor, { ...buyer, pin: "000000" });
  await visitor.see("shop-login-refused", { status: 401 });
  await logsIn(visitor, buyer);
  await visitor.see("shop-consent");
  await visitor.send();
  assert.equal(visitor.path, "/books/feathers");
  await visitor.send();
  await visitor.see("pay");
  const bytes = await visitor.weight();
  console.log(`the pay page has ${bytes} bytes of HTML and CSS`);
  assert.ok(bytes < PAY_BYTES_MAX, `the pay page has ${bytes} bytes`);
  await visitor.send();
  assert.match(visitor.path, /^\/orders\//);
  await visitor.see("shop-paid");
  await visitor.follow(`${visitor.path}/read`);
  await visitor.see("shop-reading");
  assert.match(await visitor.read("article"), /perches in the soul/);
  await visitor.follow("/orders");
  await visitor.see("shop-orders");
  await visitor.send("header form");
  assert.equal(visitor.page.url(), `${shop}/`);
  assert.ok(await visitor.has('header a[href="/login"]'), "the shop forgot who was there");
  await visitor.go(`${gateway}/wallet`);
  assert.equal(visitor.path, "/login", "and so did the gateway");
}

/** Has no account and no money when they want the book: gets both on the way. */
export async function comesWithNothing(visitor) {
  const person = newPerson();
  const card = await soldCard("100.00");
  await visitor.go(`${shop}/books/night-shelf`);
  await visitor.follow("/login?book=night-shelf");
  await visitor.follow("/signup");
  await visitor.see("signup");
  await visitor.fill({ ...person, country: "DE" });
  await visitor.send();
  await visitor.see("signup-code");
  await visitor.follow("main a.button");
  await visitor.send();
  assert.equal(visitor.path, "/books/night-shelf");
  await visitor.send();
  await visitor.see("pay-short-of-funds");
  assert.match(await visitor.read("main .alert.warn"), /\p{Nd}/u, "what is missing is said, above the form that loads it");
  await visitor.fill({ code: card });
  await visitor.send();
  await visitor.see("pay-with-pin");
  await visitor.fill({ pin: "000000" });
  await visitor.send();
  await visitor.see("pay-wrong-pin", { status: 403 });
  await visitor.fill({ pin: person.pin });
  await visitor.send();
  await visitor.see("shop-paid");
  assert.ok(await visitor.has('a[href$="/read"]'), "the book is theirs");
}

/** Pays and closes the window: the shop hears of it all the same, and later that the money went back. */
export async function neverComesBack(visitor) {
  const buyer = await newBuyer("50.00");
  await visitor.go(`${shop}/login?book=feathers`);
  await logsIn(visitor, buyer);
  await visitor.send();
  await visitor.send();
  await paysAndLeaves(visitor);
  await visitor.goUntil(`${shop}/orders`, "main .state.paid");
  await visitor.see("shop-orders-told");
  await visitor.follow("main .orders a");
  assert.ok(await visitor.has('a[href$="/read"]'), "the book is theirs");
  await visitor.go(`${gateway}/wallet/purchases`);
  await visitor.follow("/wallet/purchases/pur_");
  await visitor.send("form:has([name=item])");
  await visitor.goUntil(`${shop}/orders`, "main .state.refunded");
  await visitor.see("shop-orders-given-back");
}

/** Sends the till's form as its browser would, and follows the answer nowhere. */
async function paysAndLeaves(visitor) {
  const till = visitor.page.locator("main form").first();
  const [url, form] = await till.evaluate((form) => [form.action, Object.fromEntries(new FormData(form))]);
  const answer = await visitor.page.request.post(url, { form, maxRedirects: 0 });
  assert.equal(answer.status(), 303);
  assert.match(answer.headers().location, /\/return\?receipt=/);
}

/** Says no, at the login, at the consent and at the till: nothing is told and nothing is sold. */
export async function saysNo(visitor) {
  const buyer = await newBuyer("50.00");
  await visitor.go(`${shop}/login`);
  await visitor.follow("main a.quiet");
  await visitor.see("shop-login-declined");
  await visitor.go(`${shop}/login?book=feathers`);
  await logsIn(visitor, buyer);
  await visitor.follow("main a.quiet");
  await visitor.see("shop-consent-declined");
  await visitor.go(`${shop}/login?book=feathers`);
  await visitor.send();
  await visitor.send();
  await visitor.follow("main a.quiet");
  await visitor.see("shop-order-open");
  assert.ok(!(await visitor.has('a[href$="/read"]')), "the book is not theirs");
}

/** Is sent here by a page that nobody vouches for: is led nowhere, and signs out only where they say so. */
export async function isSentByAStranger(visitor) {
  const merchant = await newMerchant("Kerzen & Söhne");
  const redirect_uris = ["https://stranger.example/back"];
  const { client_id } = await call("POST", "/v1/login-clients", { key: merchant.key, body: { redirect_uris } });
  const asks = new URLSearchParams({ client_id, redirect_uri: redirect_uris[0], response_type: "code", scope: "openid", prompt: "none" });
  await visitor.go(`${gateway}/oauth/authorize?${asks}`);
  await visitor.see("login-elsewhere");
  assert.match(await visitor.read("main"), /https:\/\/stranger\.example/);
  await entersTheWallet(visitor, await newBuyer());
  await visitor.go(`${gateway}/oauth/end-session?client_id=${client_id}`);
  await visitor.see("login-end-session");
  await visitor.send();
  await visitor.see("login-ended");
  await visitor.go(`${gateway}/wallet`);
  assert.equal(visitor.path, "/login");
}
