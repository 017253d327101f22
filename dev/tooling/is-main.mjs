// Was this module started as a program, or imported?

import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @param {ImportMeta} meta */
export function isMain(meta) {
  const started = process.argv[1];
  return started !== undefined && realpathSync(started) === fileURLToPath(meta.url);
}
