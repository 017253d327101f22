// One holder at a time, across processes. SQLite has the operating system lock the file, which
// lets go when the holder ends, however it ends; and a copy of the file is not locked.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

const SQLITE_BUSY = 5;

/** Referred to from here, so that none is collected while it is held. @type {Set<DatabaseSync>} */
const held = new Set();

/**
 * Takes the lock if it is free.
 * @param {string} file
 * @returns {(() => void) | undefined} gives it back; without it the end of the process does
 */
export function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
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
