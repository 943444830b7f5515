// Getting in, and what a buyer changes about the account itself.

import assert from "node:assert/strict";
import { gateway, newBuyer, newPerson } from "../world.js";

export async function logsIn(visitor, { email, pin, password }) {
  await visitor.fill({ email, pin, password });
  await visitor.send();
}

/** Logs in at the gateway's own page. */
export async function entersTheWallet(visitor, buyer) {
  await visitor.go(`${gateway}/login`);
  await logsIn(visitor, buyer);
  assert.equal(visitor.path, "/wallet");
}

/** Signs up, loses the password, and comes back with the recovery code. */
export async function comesBack(visitor) {
  const person = newPerson();
  await visitor.go(`${gateway}/`);
  await visitor.see("front");
  await visitor.go(`${gateway}/signup`);
  await visitor.fill({ ...person, country: "DE", pin: "123" });
  await visitor.page.locator("form").first().evaluate((form) => form.setAttribute("novalidate", ""));
  await visitor.send();
  await visitor.see("signup-refused", { status: 400 });
  await visitor.fill({ ...person, country: "DE" });
  await visitor.send();
  const code = await visitor.read("#code");
  await visitor.go(`${gateway}/logout`);
  await visitor.see("log-out");
  await visitor.send();
  await visitor.go(`${gateway}/recover`);
  await visitor.see("recover");
  const password = "a new one, better kept";
  await visitor.fill({ recovery_code: code, email: person.email, new_pin: "271828", new_password: password });
  await visitor.send();
  await visitor.see("recovered");
  await entersTheWallet(visitor, { ...person, pin: "271828", password });
}

/** Changes what is remembered, asks for another recovery code, leaves everywhere, and erases all of it. */
export async function erasesIt(visitor) {
  const buyer = await newBuyer("20.00");
  const password = "a new one, better kept";
  await entersTheWallet(visitor, buyer);
  await visitor.go(`${gateway}/wallet/account`);
  await visitor.see("account");
  await visitor.follow("/wallet/account/credentials");
  await visitor.see("account-credentials");
  await visitor.fill({ pin: buyer.pin, password: buyer.password, new_password: password });
  await visitor.send();
  if (visitor.path === "/login") await logsIn(visitor, { ...buyer, password });
  await visitor.go(`${gateway}/wallet/account/recovery-code`);
  await visitor.see("account-recovery-code");
  await visitor.fill({ pin: buyer.pin, password });
  await visitor.send();
  await visitor.see("account-new-recovery-code");
  await visitor.go(`${gateway}/wallet/account/erase`);
  await visitor.see("account-erase");
  await visitor.fill({ pin: buyer.pin, password });
  await visitor.send();
  await visitor.see("account-erased");
  assert.match(await visitor.read("#compensation"), /\w/, "what was left is on a card");
  await visitor.go(`${gateway}/login`);
  await visitor.see("login");
  await logsIn(visitor, { ...buyer, password });
  await visitor.see("login-refused", { status: 401 });
}

/** Reads the same page in every language, and stays with the last. */
export async function changesTheLanguage(visitor) {
  await visitor.go(`${gateway}/login`);
  const titles = new Set();
  for (const language of ["en", "de", "ja", "ar"]) {
    await visitor.follow(`footer a[lang="${language}"]`);
    titles.add(await visitor.read("h1"));
    assert.equal(await visitor.page.locator("html").getAttribute("lang"), language);
  }
  assert.equal(titles.size, 4, "each language has its own words");
  await visitor.go(`${gateway}/signup`);
  assert.equal(await visitor.page.locator("html").getAttribute("dir"), "rtl");
}
