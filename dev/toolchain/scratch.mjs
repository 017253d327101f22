// Folders for work in progress. They lie in the cache and not in /tmp, which
// may be small, and where nothing would clear up after an interrupted run.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TOOLS } from "../tooling/paths.mjs";

const PREFIX = ".scratch-";

/**
 * @template T
 * @param {(folder: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withScratch(work) {
  mkdirSync(TOOLS, { recursive: true });
  const folder = mkdtempSync(join(TOOLS, PREFIX));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Only for the holder of the set-up's lock: whatever is there was left behind. */
export function clearScratch() {
  mkdirSync(TOOLS, { recursive: true });
  for (const name of readdirSync(TOOLS)) {
    if (name.startsWith(PREFIX)) rmSync(join(TOOLS, name), { recursive: true, force: true });
  }
}
