// How long each page took. Machines differ and have moods, so that is said, and only what no mood explains is a failure.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";

/** From the request to the first byte of the page: what it ought to take, and what is a mistake on any machine. */
const PAGE_MS = 200;
const PAGE_MS_MAX = 1_000;

export class Results {
  #seen = new Map();

  constructor(folder) {
    this.folder = folder;
  }

  add({ name, way, path, ms }) {
    const page = this.#seen.get(name) ?? [];
    page.push({ way, path, ms: Math.round(ms * 10) / 10 });
    this.#seen.set(name, page);
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
