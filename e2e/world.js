// What journeys find when they begin: made over the API, as the operator and programs make it.

import { randomBytes } from "node:crypto";
import { Chip } from "./chip.js";

export const gateway = process.env.E2E_GATEWAY;
export const shop = process.env.E2E_SHOP;
export const operatorKey = process.env.E2E_OPERATOR_KEY;

const random = () => randomBytes(6).toString("hex");

/** Calls the gateway. Any answer but a good one is an error. */
export async function call(method, path, { key, body } = {}) {
  const headers = { "content-type": "application/json" };
  if (key) headers.authorization = `Bearer ${key}`;
  if (method === "POST") headers["idempotency-key"] = random();
  const answer = await fetch(gateway + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return text && JSON.parse(text);
}

export const asOperator = (method, path, body) => call(method, path, { key: operatorKey, body });

/** A pre-paid card that was sold; gives its code. */
export async function soldCard(amount, currency = "EUR") {
  const batch = await asOperator("POST", "/v1/card-batches", { count: 1, face: { amount, currency } });
  await asOperator("POST", `/v1/card-batches/${batch.id}/activate`, {});
  return batch.cards[0].code;
}

/** A smart card that was sold, of a chip that brought its keys along. */
export async function soldSmartCard(amount, currency = "EUR") {
  const chip = new Chip();
  const { id } = await asOperator("POST", "/v1/smart-cards", { face: { amount, currency }, uid: chip.uid, keys: chip.keys });
  await asOperator("POST", `/v1/smart-cards/${id}/activate`, {});
  return chip;
}

/** What a person remembers; nobody has an account with it yet. */
export function newPerson() {
  return { email: `buyer-${random()}@example.org`, pin: "493817", password: `correct horse ${random()}` };
}

/** A person with a vault, and what was loaded into it. */
export async function newBuyer(...cards) {
  const person = newPerson();
  await call("POST", "/v1/accounts", { body: { ...person, country: "DE" } });
  const { access_token: key } = await call("POST", "/v1/sessions", { body: person });
  for (const amount of cards) {
    await call("POST", "/v1/vault/loads", { key, body: { card: { code: await soldCard(amount) } } });
  }
  return { ...person, key };
}

/** A merchant whose key opens a desk, and the name of the one that signs its offers. */
export async function newMerchant(name, more = {}) {
  const merchant = await asOperator("POST", "/v1/merchants", { name, country: "DE", fee_percent: "1", ...more });
  return { id: merchant.id, key: merchant.secret_key, kid: merchant.offer_key.kid };
}

/** The merchant's signed price for one thing. */
export async function offerOf(merchant, title, amount, more = {}) {
  const item = { id: title.toLowerCase().replaceAll(" ", "-"), title };
  const body = { item, price: { amount, currency: "EUR" }, tax_inclusive: true, ...more };
  return (await call("POST", "/v1/offers", { key: merchant.key, body })).offer;
}

/** The refund policy, for everybody. */
export function refundPolicy(policy) {
  return asOperator("PUT", "/v1/policies/refunds", policy);
}

/** Waits until a merchant is told of its first sale: a fifth of a second behind it, as everything is. */
export async function hears(merchant) {
  for (let look = 0; look < 100; look += 1) {
    const { data } = await call("GET", "/v1/sales", { key: merchant.key });
    if (data.length > 0) return;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error("the merchant is not told of its sale");
}
