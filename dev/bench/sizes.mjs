// How large the Worker is; Cloudflare's limit counts what gzip leaves of it.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { inRoot } from "../tooling/paths.mjs";

/** @typedef {{raw: number, gzipped: number}} Size bytes */

/** @returns {{wasm: Size, js: Size}} */
export function sizes() {
  return { wasm: sizeOf("index_bg.wasm"), js: sizeOf("index.js") };
}

/** @param {string} name @returns {Size} */
function sizeOf(name) {
  const content = readFileSync(inRoot("build", name));
  return { raw: content.length, gzipped: gzipSync(content).length };
}
