// How long each page took. Machines differ and have moods, so that is said, and only what no mood explains is a failure.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { pages } from "./repository.js";

/** From the request to the first byte of the page: what it ought to take, and what is a mistake on any machine. */
const PAGE_MS = 200;
const PAGE_MS_MAX = 1_000;

/** What can be asked for and is no page that somebody looks at. */
const UNSEEN = [
  // Styles, scripts and pictures: with each page.
  "/assets/{hash}/{name}",
  // Streams, to which scripts of pages listen.
  "/wallet/live",
  "/desk/events",
  // Whoever loads these anew is led back to the page whose form was sent there.
  "/oauth/authorize/login",
  "/oauth/authorize/passkey",
  "/oauth/authorize/agree",
  "/oauth/end-session/confirm",
];

/** An address of the table of contents, as a pattern: `{id}` is anything up to the next slash. */
const pattern = (path) => new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/{\w+}/g, "[^/]+")}$`);

export class Results {
  #seen = new Map();
  #visited = new Set();

  constructor(folder) {
    this.folder = folder;
  }

  add({ name, way, path, ms }) {
    const page = this.#seen.get(name) ?? [];
    page.push({ way, path, ms: Math.round(ms * 10) / 10 });
    this.#seen.set(name, page);
  }

  /** A page of the gateway was looked at, or a file was loaded, at this address. */
  visit(path) {
    this.#visited.add(path);
  }

  /** Of the gateway's pages each was looked at. Of several that an address could be, it is the first in the table of contents. */
  cover() {
    const all = pages().map((path) => ({ path, pattern: pattern(path) }));
    const seen = new Set([...this.#visited].map((path) => all.find((page) => page.pattern.test(path))?.path));
    const unseen = all.map(({ path }) => path).filter((path) => !seen.has(path));
    console.log(`${all.length} addresses, of which ${unseen.length} were not looked at`);
    assert.deepEqual(unseen.sort(), [...UNSEEN].sort(), "pages that nobody looked at");
  }

  /**
   * Of each page the median, of two visits the quicker: the browser shares this machine with the gateway, and the first visit of all may
   * have a plugin compiled, once in a gateway's life.
   */
  settle() {
    const pages = [...this.#seen].map(([name, visits]) => {
      const times = visits.map(({ ms }) => ms).sort((one, other) => one - other);
      return { name, median: times[Math.floor((times.length - 1) / 2)], slowest: times.at(-1), visits };
    });
    pages.sort((one, other) => other.median - one.median);
    writeFileSync(`${this.folder}/pages.json`, `${JSON.stringify(pages, null, 2)}\n`);
    const shown = pages.slice(0, 5).map(({ name, median, slowest }) => `${name} ${median} ms (once ${slowest} ms)`);
    console.log(`${pages.length} pages; the slowest: ${shown.join(", ")}`);
    const slower = (bound) => pages.filter(({ median }) => median >= bound).map(({ name }) => name);
    console.log(`pages that take ${PAGE_MS} ms or longer: ${slower(PAGE_MS).join(", ") || "none"}`);
    assert.deepEqual(slower(PAGE_MS_MAX), [], `pages that take ${PAGE_MS_MAX} ms or longer`);
  }
}
