// A buyer and the wallet.

import assert from "node:assert/strict";
import { asOperator, call, gateway, newBuyer, newMerchant, offerOf, refundPolicy, shop, soldCard, soldSmartCard } from "../world.js";
import { entersTheWallet, logsIn } from "./account.js";

const GENEROUS = { max_count: 1000, max_total: { amount: "1000000.00", currency: "USD" }, window_days: 14, period_days: 90 };
const STRICT = { ...GENEROUS, max_total: { amount: "5.00", currency: "USD" } };

/** Loads a card, buys, gives back, and looks at what happened. */
export async function livesWithIt(visitor) {
  const [buyer, friend] = [await newBuyer("50.00"), await newBuyer()];
  const merchant = await newMerchant("Kerzen & Söhne");
  await entersTheWallet(visitor, buyer);
  await visitor.see("wallet");
  await visitor.follow("/wallet/load");
  await visitor.see("wallet-load");
  await visitor.fill({ code: "NOTA-CARD-ATALL" });
  await visitor.send();
  await visitor.see("wallet-load-refused", { status: 422 });
  await visitor.fill({ code: await soldCard("5000", "JPY") });
  await visitor.send();
  await visitor.see("wallet-loaded");
  await visitor.go(`${gateway}/pay?offer=${await offerOf(merchant, "A candle", "10.00")}`);
  await visitor.send();
  await visitor.see("wallet-purchase");
  assert.match(visitor.path, /^\/wallet\/purchases\/pur_/);
  for (const receipt of ["receipt", `receipts/${merchant.id}`]) {
    assert.equal((await visitor.download(`${visitor.path}/${receipt}`)).toString().split(".").length, 3, "a signed receipt");
  }
  await visitor.send("form:has([name=item])");
  await visitor.see("wallet-refunded");
  assert.ok(!(await visitor.has("form:has([name=item])")), "an item goes back once");
  await visitor.go(`${gateway}/wallet/transfer`);
  await visitor.see("wallet-transfer");
  const { handle } = await call("GET", "/v1/vault", { key: friend.key });
  await visitor.fill({ to: handle, amount: "3.00" });
  await visitor.send();
  const { balance } = await call("GET", "/v1/vault", { key: friend.key });
  assert.deepEqual(balance, { amount: "3.00", currency: "USD" });
  for (const page of ["purchases", "shops", "log"]) {
    await visitor.go(`${gateway}/wallet/${page}`);
    await visitor.see(`wallet-${page}`);
  }
  const log = (await visitor.download(await visitor.page.locator("main a[download]").getAttribute("href"))).toString();
  assert.equal(log.trim().split("\n").length, 1 + 6, `the head, and what happened: ${log}`);
}

/** Taps a smart card without being signed in, loads it, and finds that the same tap is worth nothing more. */
export async function tapsACard(visitor) {
  const [buyer, chip] = [await newBuyer(), await soldSmartCard("20.00", "USD")];
  const link = `${gateway}/wallet/load?${chip.tap()}`;
  await visitor.go(link);
  assert.equal(visitor.path, "/login");
  await logsIn(visitor, buyer);
  await visitor.see("wallet-load-tapped");
  const { balance: before } = await call("GET", "/v1/vault", { key: buyer.key });
  assert.equal(before.amount, "0.00", "a link that is opened takes nothing");
  await visitor.send();
  assert.equal(visitor.path, "/wallet");
  const { balance } = await call("GET", "/v1/vault", { key: buyer.key });
  assert.deepEqual(balance, { amount: "20.00", currency: "USD" });
  await visitor.go(link);
  await visitor.send();
  await visitor.see("wallet-load-tapped-before", { status: 422 });
}

/** Logs in at a shop, sees by which name it knows them, and takes the login back: the shop asks as if it was the first time. */
export async function takesALoginBack(visitor) {
  await visitor.go(`${shop}/login`);
  await logsIn(visitor, await newBuyer());
  await visitor.send();
  assert.equal(visitor.page.url(), `${shop}/`);
  await visitor.go(`${shop}/login`);
  assert.equal(visitor.page.url(), `${shop}/`, "who agreed before is not asked again");
  await visitor.go(`${gateway}/wallet/shops`);
  await visitor.see("wallet-shops-logged-in");
  await visitor.send();
  await visitor.see("wallet-shops-taken-back");
  assert.ok(!(await visitor.has("main form")), "there is nothing left to take back");
  await visitor.go(`${shop}/login`);
  await visitor.see("shop-consent-again");
  assert.equal(visitor.path, "/oauth/authorize");
}

/** Comes to the till from two shops without being signed in, pays both at once, and is shown the way back to each. */
export async function paysTwoShops(visitor) {
  const buyer = await newBuyer("50.00");
  const back = { return_origins: ["https://shop.example"] };
  const shops = [await newMerchant("Kerzen & Söhne", back), await newMerchant("ランタン堂", back)];
  const offers = [];
  for (const [index, merchant] of shops.entries()) {
    const more = { return_url: `https://shop.example/${index}` };
    offers.push(`offer=${await offerOf(merchant, "A candle", "10.00", more)}`);
  }
  await visitor.go(`${gateway}/pay?${offers.join("&")}`);
  await visitor.see("pay-stranger");
  await visitor.follow("/login?next=");
  await logsIn(visitor, buyer);
  await visitor.see("pay-two-shops");
  await visitor.send();
  assert.equal(visitor.path, "/pay/done");
  await visitor.see("pay-done");
  const again = 'main a[href^="/pay/done"]';
  for (const ends = Date.now() + 20_000; (await visitor.page.locator(again).count()) > 0; ) {
    assert.ok(Date.now() < ends, "each shop is told within seconds");
    await visitor.page.waitForTimeout(500);
    await visitor.follow(again);
  }
  await visitor.see("pay-done-told");
  assert.equal(await visitor.page.locator('main a[href*="?receipt="]').count(), 2, "a way back to each");
}

/** Buys a stamp, prints it, and gives it back. */
export async function buysAStamp(visitor) {
  const post = await newMerchant("Die Post", { stamps_plugin: "stamps-open" });
  await entersTheWallet(visitor, await newBuyer("50.00"));
  await visitor.go(`${gateway}/wallet/stamps/new`);
  await visitor.see("stamp-new");
  await visitor.fill({ vendor: post.id, origin: "DE", destination: "DE", weight_g: "20" });
  await visitor.send();
  await visitor.see("stamp-services");
  await visitor.send();
  await visitor.see("stamp");
  const [path] = visitor.path.match(/^\/wallet\/stamps\/stamp_\w+/);
  assert.match((await visitor.download(`${path}.svg`)).toString(), /<svg/);
  const single = await visitor.download(`${path}.pdf`);
  await visitor.go(`${gateway}/wallet/stamps`);
  await visitor.see("stamps");
  const sheet = await visitor.download(`/wallet/stamps/sheet.pdf?ids=${path.split("/").at(-1)}&paper=a4`);
  for (const print of [single, sheet]) assert.equal(print.subarray(0, 5).toString(), "%PDF-");
  await visitor.go(gateway + path);
  await visitor.send();
  await visitor.see("stamp-given-back");
}

/** Gives back more than is allowed: the vault closes, and what is left goes to somebody else by a code. */
export async function closesIt(visitor) {
  const merchant = await newMerchant("Kerzen & Söhne");
  await entersTheWallet(visitor, await newBuyer("50.00"));
  await visitor.go(`${gateway}/pay?offer=${await offerOf(merchant, "A candle", "10.00")}`);
  await visitor.send();
  await refundPolicy(STRICT);
  try {
    await visitor.go(visitor.page.url());
    await visitor.see("wallet-refund-closes");
    await visitor.fill({ agreed: true });
    await visitor.send("form:has([name=item])");
  } finally {
    await refundPolicy(GENEROUS);
  }
  await visitor.go(`${gateway}/wallet`);
  await visitor.see("wallet-closed");
  const code = await visitor.read("#compensation");
  await visitor.go(`${gateway}/pay?offer=${await offerOf(merchant, "A candle", "10.00")}`);
  await visitor.see("pay-closed-vault", { status: 403 });
  const heir = await newBuyer();
  await call("POST", "/v1/vault/loads", { key: heir.key, body: { card: { code } } });
  const { balance } = await call("GET", "/v1/vault", { key: heir.key });
  assert.equal(balance.currency, "USD");
  assert.ok(Number(balance.amount) > 40, `all of it is there: ${balance.amount}`);
}

/** What goes otherwise than it should: each page says so, and what to do. */
export async function meetsTrouble(visitor) {
  const [merchant, buyer] = [await newMerchant("Kerzen & Söhne"), await newBuyer("50.00")];
  await entersTheWallet(visitor, buyer);
  const offer = await offerOf(merchant, "A candle", "10.00");
  const [header, , signature] = offer.split(".");
  const cheaper = Buffer.from(JSON.stringify({ iss: merchant.id, price: { amount: "0.01", currency: "EUR" } })).toString("base64url");
  await visitor.go(`${gateway}/pay?offer=${header}.${cheaper}.${signature}`);
  await visitor.see("pay-tampered", { status: 422 });
  await visitor.go(`${gateway}/pay?offer=${offer}&country=BR`);
  await visitor.see("pay-unknown-country", { status: 422 });
  const seat = await offerOf(merchant, "A seat", "10.00", { single_use: true });
  await visitor.go(`${gateway}/pay?offer=${seat}`);
  // In another window the buyer was faster.
  await call("POST", "/v1/purchases", { key: buyer.key, body: { offers: [seat] } });
  const left = () => call("GET", "/v1/vault", { key: buyer.key });
  const { balance } = await left();
  await visitor.send();
  await visitor.see("pay-used-up", { status: 409 });
  await visitor.go(`${gateway}/wallet/purchases/pur_00000000000000000000000000`);
  await visitor.see("not-found", { status: 404 });
  await visitor.go(`${gateway}/problems`);
  await visitor.see("problems");
  await visitor.go(`${gateway}/problems/offer-expired`);
  await visitor.see("problem");
  const brief = await offerOf(merchant, "A candle", "10.00", { expires_in: 60 });
  const { now } = await call("GET", "/v1/gateway");
  await asOperator("POST", "/v1/sandbox/clock", { now: new Date(Date.parse(now) + 120_000).toISOString() });
  await visitor.go(`${gateway}/pay?offer=${brief}`);
  await visitor.see("pay-expired", { status: 422 });
  assert.deepEqual((await left()).balance, balance, "no money moved, as each page said");
}
