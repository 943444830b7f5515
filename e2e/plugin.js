// The plugin that somebody wrote, as its author's next version: the same component with another number in it and another manifest
// behind it, as `purser plugin build` would make it of a changed `plugin.toml`.

import { readFileSync } from "node:fs";

const SECTION = "purser:manifest";

/** WebAssembly's sizes: seven bits a byte, the last one without the eighth. */
function size(bytes) {
  return bytes < 128 ? String.fromCharCode(bytes) : String.fromCharCode(128 | (bytes % 128)) + size(bytes >> 7);
}

/** A custom section: its kind, its size, its name and what it holds. */
function section(contents) {
  const named = size(SECTION.length) + SECTION + contents;
  return `\0${size(named.length)}${named}`;
}

/** The file of another version, which asks for more. The interfaces that it imports have versions of their own, behind an @. */
export function nextVersion(version, asks) {
  const file = readFileSync(process.env.E2E_PLUGIN, "latin1").replaceAll(/(?<!@)1\.0\.0/g, version);
  const manifest = file.slice(file.lastIndexOf(SECTION) + SECTION.length);
  const component = file.slice(0, -section(manifest).length);
  const wanted = JSON.stringify({ ...JSON.parse(manifest), ...asks });
  return Buffer.from(component + section(wanted), "latin1");
}
