// A gateway of its own whose database breaks while somebody looks at it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { newPerson } from "../world.js";
import { logsIn } from "./account.js";

const READY_MS = 60_000;

/** A port that was free a moment ago. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Nothing is where it was, in the files that the gateway has open. */
function breaks(data) {
  for (const file of ["purser.db", "purser.db-wal"].map((name) => join(data, name))) {
    const descriptor = openSync(file, "r+");
    writeSync(descriptor, Buffer.alloc(statSync(file).size), 0);
    closeSync(descriptor);
  }
}

async function ready(base) {
  const until = Date.now() + READY_MS;
  while (Date.now() < until) {
    const answer = await fetch(`${base}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await setTimeout(100);
  }
  throw new Error(`${base} is not ready`);
}

/** There are no rates yet, and then no database: each page says what happened to the money, and what to do. */
export async function losesItsDatabase(visitor) {
  const data = mkdtempSync(join(tmpdir(), "purser-e2e-"));
  const base = `http://127.0.0.1:${await freePort()}`;
  const flags = ["serve", "--sandbox", "--listen", new URL(base).host, "--data", data];
  const gateway = spawn(process.env.E2E_PURSER, flags, { stdio: "ignore" });
  const ended = new Promise((resolve) => gateway.once("exit", resolve));
  try {
    await ready(base);
    const ask = async (path, body, bearer) => {
      const headers = { "content-type": "application/json", "idempotency-key": path };
      if (bearer) headers.authorization = `Bearer ${bearer}`;
      const answer = await fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) });
      assert.ok(answer.ok, `${path}: ${answer.status}`);
      return answer.json();
    };
    const person = newPerson();
    await ask("/v1/accounts", { ...person, country: "DE" });
    const operator = readFileSync(join(data, "operator.key"), "utf8").trim();
    const merchant = await ask("/v1/merchants", { name: "Kerzen & Söhne", country: "DE" }, operator);
    const offer = { item: { id: "candle", title: "A candle" }, price: { amount: "10.00", currency: "EUR" } };
    const { pay_url } = await ask("/v1/offers", offer, merchant.secret_key);
    await visitor.go(`${base}/login`);
    await logsIn(visitor, person);
    assert.equal(visitor.path, "/wallet");
    // At the first look a plugin is compiled, once in a gateway's life.
    await visitor.go(pay_url);
    await visitor.go(pay_url);
    await visitor.see("trouble-no-rates", { status: 503 });
    await visitor.go(`${base}/wallet/load`);
    breaks(data);
    await visitor.fill({ code: "NOTA-CARD-ATALL" });
    await visitor.send();
    await visitor.see("trouble-sent", { status: 500, effect: "trouble-unknown" });
    await visitor.go(`${base}/problems`);
    await visitor.see("trouble-problems");
  } finally {
    gateway.kill("SIGKILL");
    await ended;
    rmSync(data, { recursive: true, force: true });
  }
}
