// One holder at a time, across processes. A lock belongs to a path and to a living process: SQLite
// has the operating system lock a file, which lets go when the holder ends, however it ends; and the
// file is named after its path, so that a copy of a checkout, by links too, has locks of its own.

import { createHash } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

const SQLITE_BUSY = 5;

/** Referred to from here, so that none is collected while it is held. @type {Set<DatabaseSync>} */
const held = new Set();

/** What is locked in place of `file`, whose folder exists. @param {string} file */
function ownFile(file) {
  const folder = realpathSync(dirname(file));
  const path = createHash("sha256")
    .update(join(folder, basename(file)))
    .digest("hex")
    .slice(0, 12);
  return join(folder, `${basename(file, ".lock")}-${path}.lock`);
}

/**
 * Takes the lock if it is free.
 * @param {string} file which ends in `.lock`
 * @returns {(() => void) | undefined} gives it back; without it the end of the process does
 */
export function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(ownFile(file));
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (/** @type {{errcode?: number}} */ (error).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  held.add(database);
  return () => {
    held.delete(database);
    database.close();
  };
}

/**
 * Waits for the lock, then does `work` while holding it.
 * @template T
 * @param {string} file
 * @param {{waiting?: () => void}} options
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, { waiting }, work) {
  let release = tryLock(file);
  if (!release) waiting?.();
  for (; !release; release = tryLock(file)) await sleep(500);
  try {
    return await work();
  } finally {
    release();
  }
}
