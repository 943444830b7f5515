// What the repository says of the gateway, for what a running one does not tell: its pages, and its words.

import { readFileSync, readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** The walk runs in a copy of its folder. */
const SERVER = new URL("gateway/server/", pathToFileURL(`${process.env.E2E_ROOT}/`));

const read = (path) => readFileSync(new URL(path, SERVER), "utf8");

/** What a page about a problem says, in a language. */
export function words(language, name) {
  return read(`locales/${language}/problems.ftl`).match(new RegExp(`^${name} = (.+)$`, "m"))[1];
}

/** The addresses of all that can be asked for with GET, as the tables of contents of the pages have them. */
export function pages() {
  const folder = "src/pages/routes";
  const tables = [`${folder}.rs`, ...readdirSync(new URL(folder, SERVER)).map((name) => `${folder}/${name}`)];
  // A function, an address, and up to the next address how that is answered.
  const routes = tables.map(read).join("\n").matchAll(/(\w+)\(\s*"(\/[^"]*)"(.*?)(?=\w+\(\s*"\/|$)/gs);
  // What has a function of its own is a page, and answered in that.
  const isPage = ([, by, , answered]) => !["page", "of_strangers"].includes(by) || answered.includes("get()");
  return [...routes].filter(isPage).map(([, , path]) => path);
}
