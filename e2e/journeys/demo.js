// What somebody sees who types `purser demo` and nothing else.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** The demo opens the bookshop where Node.js is there, and it works. */
export async function opensAShop(visitor) {
  const demo = spawn(process.env.E2E_PURSER, ["demo"], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const said = {};
    for await (const line of createInterface({ input: demo.stdout })) {
      said.shop ??= line.match(/a bookshop +(http:\S+)/)?.[1];
      said.card ??= line.match(/load a card of \S+ EUR: (\S+)/)?.[1];
      if (/every call/.test(line)) break;
    }
    assert.ok(said.shop && said.card, "the demo says where its shop is");
    await visitor.page.goto(said.shop);
    assert.match(await visitor.read("main"), /The Pea-Green Boat/);
    await visitor.page.goto(`${said.shop}/login`);
    assert.equal(visitor.path, "/oauth/authorize");
  } finally {
    const ended = new Promise((resolve) => demo.once("exit", resolve));
    demo.kill("SIGTERM");
    assert.equal(await ended, 0, "the demo ends well");
  }
}
