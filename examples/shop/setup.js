// Introduces the shop to a gateway, once. The gateway's operator signs the shop up; with the key that comes of it the shop asks
// for a login client and a webhook by itself.

import { existsSync, readFileSync } from "node:fs";
import { address, writeSettings } from "./settings.js";

const gateway = (process.env.PURSER_URL ?? "http://127.0.0.1:8080").replace(/\/$/, "");
const operatorKeyFile = process.env.PURSER_OPERATOR_KEY_FILE ?? "purser-data/operator.key";

async function post(path, key, body) {
  const answer = await fetch(gateway + path, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${said.detail ?? said.title}`);
  return said;
}

if (existsSync(process.env.SHOP_SETTINGS ?? "shop.json")) {
  throw new Error("the shop is set up already: remove its settings file to begin again");
}
const { issuer, sandbox } = await (await fetch(`${gateway}/v1/gateway`)).json();
const merchant = await post("/v1/merchants", readFileSync(operatorKeyFile, "utf8").trim(), {
  name: "Lantern Books",
  country: "DE",
  fee_percent: "1",
  return_origins: [new URL(address).origin],
});
const login = await post("/v1/login-clients", merchant.secret_key, {
  redirect_uris: [`${address}/login/done`],
  post_logout_redirect_uris: [`${address}/`],
});
const webhook = await post("/v1/webhooks", merchant.secret_key, {
  url: `${address}/webhooks/purser`,
  events: ["purchase.paid", "refund.made"],
});
const file = writeSettings({
  gateway: issuer,
  sandbox,
  shop: address,
  merchant: merchant.id,
  apiKey: merchant.secret_key,
  offerKey: merchant.offer_key,
  login: { clientId: login.client_id, clientSecret: login.client_secret },
  webhookSecret: webhook.secret,
});
console.log(`Lantern Books is ${merchant.id} at ${issuer}; its keys are in ${file}`);
