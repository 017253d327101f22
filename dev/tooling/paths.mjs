// Where things are: the checkout, what may be thrown away in it, and the per-user cache.

import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** @param {...string} parts a path inside the checkout */
export const inRoot = (...parts) => join(ROOT, ...parts);

/** Everything local development leaves behind, git-ignored. */
export const DEV = inRoot(".dev");

/** Full output of every tool that was run. */
export const LOGS = join(DEV, "logs");

/**
 * Built tools, shared by all checkouts of a user and keyed by version, so that
 * only the first checkout on a machine pays for compiling them.
 */
export const TOOLS = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "spkey-edge", "tools");

/** @param {string} name of a log file, without its ending */
export function logFile(name) {
  mkdirSync(LOGS, { recursive: true });
  return join(LOGS, `${name}.log`);
}
