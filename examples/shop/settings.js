// What the shop knows of itself and of its gateway. `setup.js` writes the file, which holds secrets; the shop reads it.

import { readFileSync, writeFileSync } from "node:fs";

const file = process.env.SHOP_SETTINGS ?? "shop.json";

export const address = (process.env.SHOP_URL ?? "http://127.0.0.1:3000").replace(/\/$/, "");

const NAMES = ["gateway", "shop", "merchant", "apiKey", "offerKey", "login", "webhookSecret"];

export function readSettings() {
  let text;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new Error(`there is no ${file}: run \`npm run setup\` first`);
  }
  const settings = JSON.parse(text);
  const missing = NAMES.filter((name) => settings[name] === undefined);
  if (missing.length > 0) {
    throw new Error(`${file} lacks ${missing.join(", ")}: remove it and run \`npm run setup\` again`);
  }
  return settings;
}

/** Writes them for the shop's own user only, and never over others: the secrets in there are shown once. */
export function writeSettings(settings) {
  writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  return file;
}
