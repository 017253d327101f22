// What is running in this checkout: .dev/run.json, there only while it runs. It counts while its
// process lives, and in the checkout that wrote it: in a copy it says nothing.

import { readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEV } from "./paths.mjs";

const fileIn = (/** @type {string} */ folder) => join(folder, "run.json");

/** Held while `npm start` runs. */
export const RUN_LOCK = join(DEV, "run.lock");

/**
 * @typedef {object} Running
 * @property {number} pid
 * @property {string} worker its address
 * @property {string} simulator its address
 * @property {import("./simulator.mjs").Tokens} tokens what the Worker accepts
 */

/** @param {Running} running */
export function writeRunFile(running, folder = DEV) {
  writeFileSync(fileIn(folder), JSON.stringify({ folder: realpathSync(folder), ...running }, null, 2));
}

export const removeRunFile = (folder = DEV) => rmSync(fileIn(folder), { force: true });

/** @returns {Running | undefined} */
export function readRunFile(folder = DEV) {
  try {
    const { folder: writtenIn, ...running } = JSON.parse(readFileSync(fileIn(folder), "utf8"));
    return writtenIn === realpathSync(folder) && isAlive(running.pid) ? running : undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user is alive as well.
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}
