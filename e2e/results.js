// How long each page took, and whether that is short enough.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";

/** From the request to the first byte of the page. */
const PAGE_MS_MAX = 200;

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

  /** Of each page the median: the browser shares this machine with the gateway, and what disturbs one visit is not the page's. */
  settle() {
    const pages = [...this.#seen].map(([name, visits]) => {
      const times = visits.map(({ ms }) => ms).sort((one, other) => one - other);
      return { name, median: times[Math.floor(times.length / 2)], slowest: times.at(-1), visits };
    });
    pages.sort((one, other) => other.median - one.median);
    writeFileSync(`${this.folder}/pages.json`, `${JSON.stringify(pages, null, 2)}\n`);
    const shown = pages.slice(0, 5).map(({ name, median, slowest }) => `${name} ${median} ms (once ${slowest} ms)`);
    console.log(`${pages.length} pages; the slowest: ${shown.join(", ")}`);
    const slow = pages.filter(({ median }) => median >= PAGE_MS_MAX);
    assert.deepEqual(slow, [], `pages that take ${PAGE_MS_MAX} ms or longer`);
  }
}
