// How large a Worker is; Cloudflare's limit counts what gzip leaves of it.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { sum } from "./statistics.mjs";

/** @typedef {{raw: number, gzipped: number}} Size bytes */

/** @param {import("./workers.mjs").Module[]} modules @returns {Size} */
export function sizeOf(modules) {
  const contents = modules.map(({ path, contents }) => (contents === undefined ? readFileSync(path) : Buffer.from(contents)));
  return { raw: sum(contents.map(({ length }) => length)), gzipped: sum(contents.map((content) => gzipSync(content).length)) };
}
