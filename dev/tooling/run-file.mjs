// What is running in this checkout: .dev/run.json, there only while it runs.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEV } from "./paths.mjs";

const FILE = join(DEV, "run.json");

/** Held while `npm start` runs. */
export const RUN_LOCK = join(DEV, "run.lock.db");

/**
 * @typedef {object} Running
 * @property {number} pid
 * @property {string} worker its address
 * @property {string} simulator its address
 * @property {{iss: string, aud: string, emailClaim: string}} tokens what the Worker accepts
 */

/** @param {Running} running */
export function writeRunFile(running) {
  writeFileSync(FILE, JSON.stringify(running, null, 2));
}

export const removeRunFile = () => rmSync(FILE, { force: true });

/** @returns {Running | undefined} */
export function readRunFile() {
  try {
    return JSON.parse(readFileSync(FILE, "utf8"));
  } catch {
    return undefined;
  }
}
