// The operator at the back office.

import assert from "node:assert/strict";
import { nextVersion } from "../plugin.js";
import { asOperator, call, gateway, hears, newBuyer, newMerchant, offerOf, operatorKey } from "../world.js";

/** Comes in, and looks at how everything is. */
export async function looksAround(visitor) {
  await visitor.go(`${gateway}/operator`);
  await visitor.see("operator-login");
  await visitor.fill({ key: "op_not_a_key" });
  await visitor.send();
  await visitor.see("operator-login-refused", { status: 401 });
  await enters(visitor);
  await visitor.see("operator");
  for (const page of ["merchants", "cards", "smart-cards", "plugins", "rates", "taxes", "payouts", "refunds", "treasury", "passkeys", "check"]) {
    await visitor.go(`${gateway}/operator/${page}`);
    await visitor.see(`operator-${page}`);
  }
  await visitor.send();
  // The page looks again by itself until the books are proved.
  await visitor.page.locator("#run .alert.good").waitFor();
  await visitor.see("operator-check-done");
  assert.ok(!(await visitor.has("#run .badge.bad")), "the books balance");
}

/** Signs a merchant up, and prints cards and sells them. */
export async function keepsHouse(visitor) {
  await enters(visitor);
  await visitor.go(`${gateway}/operator/merchants`);
  await visitor.fill({ name: "<script>alert(1)</script> & Söhne", country: "DE" });
  await visitor.send();
  await visitor.see("operator-merchant-made", { status: 201 });
  await visitor.go(`${gateway}/operator/merchants`);
  await visitor.follow("main table a");
  await visitor.see("operator-merchant");
  await visitor.go(`${gateway}/operator/cards`);
  await visitor.fill({ count: "0", "face.amount": "50.00", "face.currency": "EUR" });
  await visitor.send();
  await visitor.see("operator-cards-refused", { status: 400 });
  await visitor.fill({ count: "200", "face.amount": "50.00", "face.currency": "EUR" });
  await visitor.send();
  await visitor.see("operator-printing");
  await visitor.page.locator("#progress form").waitFor();
  await visitor.see("operator-printed");
  await visitor.send("#progress form");
  await visitor.see("operator-card-sheet");
  await visitor.go(`${gateway}/operator/cards`);
  await visitor.send('form[action$="/activate"]');
  await visitor.see("operator-cards-sold");
  await visitor.go(`${gateway}/operator/smart-cards`);
  const uid = `04${Date.now().toString(16).padStart(12, "0").slice(-12)}`;
  await visitor.fill({ "face.amount": "20.00", "face.currency": "EUR", uid });
  await visitor.send('form[method=post][action="/operator/smart-cards"]');
  await visitor.see("operator-smart-card", { status: 201 });
}

async function uploads(visitor, file) {
  await visitor.go(`${gateway}/operator/plugins`);
  await visitor.page.locator('input[type="file"]').setInputFiles(file);
  await visitor.send();
}

/** Installs a plugin that somebody wrote, lets it answer for a country, and takes that back. */
export async function installsAPlugin(visitor) {
  await enters(visitor);
  await uploads(visitor, process.env.E2E_PLUGIN);
  const { path } = visitor;
  await visitor.go(`${gateway}/operator/plugins`);
  await visitor.follow(path);
  await visitor.see("operator-plugin");
  await visitor.fill({ countries: "SG", no_config: true });
  await visitor.send('form[action$="/enable"]');
  await visitor.see("operator-plugin-enabled");
  await visitor.follow(`${path}/calls`);
  await visitor.see("operator-plugin-calls");
  await visitor.page.goBack();
  await isReplacedForAWhile(visitor);
  await visitor.send('form[action$="/disable"]');
  await visitor.see("operator-plugin-disabled");
  await runsBesideAnother(visitor);
  await visitor.go(`${gateway}/operator/rates`);
  await visitor.page.locator('input[type="file"]').setInputFiles(`${process.env.E2E_ROOT}/docs/vectors/eurofxref-2024-06-28.xml`);
  await visitor.send('form[method=post][action="/operator/rates"]');
  await visitor.see("operator-rates-imported");
  await visitor.go(`${gateway}/operator/rates?rate_from=EUR&rate_to=USD`);
  await visitor.see("operator-rate");
}

/** How many next versions there were: each journey installs one that nobody saw before. */
let versions = 0;

/** Installs the next version of the plugin of this page, sees what it asks for, gives it that, and goes back to the one before. */
async function isReplacedForAWhile(visitor) {
  const { path } = visitor;
  const [host, secret] = ["rates.iras.example", "iras-key"];
  versions += 1;
  const version = `1.0.${versions}`;
  const buffer = nextVersion(version, { hosts: [host], secrets: [secret] });
  await uploads(visitor, { name: `gst-sg-${version}.wasm`, mimeType: "application/wasm", buffer });
  await visitor.see("operator-plugin-asks");
  const asks = 'section[aria-labelledby="asks"]';
  const asked = await visitor.read(asks);
  assert.ok(asked.includes(host) && asked.includes(secret), asked);
  const given = async () => (await asOperator("GET", visitor.path.replace("/operator/", "/v1/"))).grants;
  assert.deepEqual([await given(), await visitor.has(`${asks} .alert.warn`)], [[], true], "nothing is given by itself");
  const next = visitor.path;
  await visitor.send('form[action$="/activate"]');
  await visitor.see("operator-plugin-early", { status: 422 });
  await visitor.go(gateway + next);
  await visitor.fill({ "hosts[]": true, "secrets[]": "not told to anybody" });
  await visitor.send('form[action$="/grants"]');
  await visitor.see("operator-plugin-given");
  assert.deepEqual([await given(), await visitor.has(`${asks} .alert.good`)], [[`fetch ${host}`, `secret ${secret}`], true]);
  assert.ok(!(await visitor.page.content()).includes("not told to anybody"));
  const answers = async (of) => (await asOperator("GET", of.replace("/operator/", "/v1/"))).status === "active";
  await visitor.send('form[action$="/activate"]');
  await visitor.see("operator-plugin-activated");
  assert.deepEqual([await answers(path), await answers(next)], [false, true]);
  await visitor.send('form[action$="/rollback"]');
  await visitor.see("operator-plugin-rolled-back");
  assert.deepEqual([await answers(path), await answers(next)], [true, false]);
  await visitor.go(gateway + path);
}

/** Lets the plugin of this page run beside a table that charges too little, and sees by how much. */
async function runsBesideAnother(visitor) {
  const { path } = visitor;
  const { data } = await asOperator("GET", "/v1/plugins?limit=100");
  const table = `/v1/plugins/${data.find((plugin) => plugin.name === "tax-table").id}`;
  const rate = { categories: ["general"], percent: "8", reason: "standard", from: "2023-01-01", source: "a table that nobody kept" };
  const config = { places: [{ place: "SG", tax: "GST", rates: [rate] }] };
  await asOperator("POST", `${table}/enable`, { countries: ["SG"], config });
  await visitor.page.locator("#shadow-countries").fill("SG");
  await visitor.send('form[action$="/shadow"]');
  const [merchant, buyer] = [await newMerchant("Kaya & Söhne", { country: "SG" }), await newBuyer("50.00")];
  const offers = [await offerOf(merchant, "A jar", "10.00")];
  await call("POST", "/v1/purchases", { key: buyer.key, body: { offers, country: "SG" } });
  const difference = `#differences + div tr:has(a[href$="${merchant.id}"])`;
  await visitor.goUntil(gateway + path, difference);
  await visitor.see("operator-plugin-shadow");
  const [country, , asked, equal, different, failed, money] = await visitor.page.locator(`${difference} td`).allInnerTexts();
  assert.deepEqual([country, asked, equal, different, failed], ["SG", "1", "0", "1", "0"]);
  assert.match(money, /\p{Nd}/u, "by how much is said");
  await visitor.send('form[action$="/shadow/stop"]');
  await asOperator("POST", `${table}/disable`, {});
}

/** Pays a merchant what it is owed, and an authority its tax. */
export async function paysOut(visitor) {
  const tax = { taxpayer: "operator", registrations: [{ authority: "DE", scheme: "vat", number: "DE136695976" }] };
  const [merchant, buyer] = [await newMerchant("Kerzen & Söhne", { tax }), await newBuyer("50.00")];
  await call("POST", "/v1/purchases", { key: buyer.key, body: { offers: [await offerOf(merchant, "A candle", "10.00")] } });
  await hears(merchant);
  await enters(visitor);
  await visitor.go(`${gateway}/operator/payouts`);
  await visitor.send(`form:has(input[value="${merchant.id}"])`);
  await visitor.go(`${gateway}/operator/payouts`);
  await visitor.see("operator-payouts-made");
  const file = await visitor.page.locator(`main tr:has(a[href$="${merchant.id}"]) a[href$="/file"]`).getAttribute("href");
  assert.match((await visitor.download(file)).toString(), /8\.3\d/, "what is owed without the tax");
  await visitor.send('form[action$="/confirm"]');
  await visitor.go(`${gateway}/operator/taxes`);
  await visitor.see("operator-taxes-owed");
  await visitor.send("form:has([name=authority])");
  await visitor.go(`${gateway}/operator/taxes`);
  await visitor.follow('main a[href^="/operator/taxes/rem_"]');
  await visitor.see("operator-remittance");
  assert.ok((await visitor.download(`${visitor.path}/return`)).length > 0, "a return to file");
  await visitor.send('form[action$="/confirm"]');
  await visitor.see("operator-remittance-confirmed");
  await visitor.go(`${gateway}/operator/logout`);
  await visitor.see("operator-log-out");
  await visitor.send();
  await visitor.go(`${gateway}/operator/payouts`);
  assert.equal(visitor.path, "/operator/login");
}

async function enters(visitor) {
  await visitor.go(`${gateway}/operator/login`);
  await visitor.fill({ key: operatorKey });
  await visitor.send();
  assert.equal(visitor.path, "/operator");
}
