// One holder at a time, across processes: a file that names its holder and whose
// time stamp is renewed while the holder lives, so that a crashed one blocks nobody.

import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const RENEW_EVERY_MS = 2_000;
const STALE_AFTER_MS = 60_000;

/** @typedef {{pid: number, host: string, note?: unknown}} Holder */

/**
 * Takes the lock if it is free.
 * @param {string} file
 * @param {unknown} [note] anything a waiting process may want to know
 * @returns {{release: () => void} | {holder: Holder}}
 */
export function tryLock(file, note) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), note });
  for (let round = 0; round < 2; round++) {
    try {
      writeFileSync(file, mine, { flag: "wx" });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
      const holder = aliveHolder(file);
      if (holder) return { holder };
      discard(file);
      continue;
    }
    return { release: keep(file) };
  }
  return { holder: aliveHolder(file) ?? { pid: 0, host: "?" } };
}

/**
 * Waits for the lock, then does `work` while holding it.
 * @template T
 * @param {string} file
 * @param {{waiting?: (holder: Holder) => void}} options
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, options, work) {
  for (let told = false; ; ) {
    const lock = tryLock(file);
    if ("release" in lock) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (!told) options.waiting?.(lock.holder);
    told = true;
    await sleep(500);
  }
}

/** @param {string} file @returns {Holder | undefined} */
function aliveHolder(file) {
  try {
    const age = Date.now() - statSync(file).mtimeMs;
    const text = readFileSync(file, "utf8");
    // Created but not written yet: give its creator a moment.
    if (text === "") return age < 2_000 ? { pid: 0, host: "?" } : undefined;
    const holder = JSON.parse(text);
    if (age > STALE_AFTER_MS) return undefined;
    // A cache may be shared between machines or containers: pids mean something only on our own.
    if (holder.host === hostname() && !isAlive(holder.pid)) return undefined;
    return holder;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

// By renaming, only one of several waiting processes gets to remove a stale lock.
/** @param {string} file */
function discard(file) {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
    rmSync(aside, { force: true });
  } catch {
    // another one was quicker
  }
}

/** @param {string} file @returns {() => void} */
function keep(file) {
  const timer = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(file, now, now);
    } catch {
      // thrown away together with its folder
    }
  }, RENEW_EVERY_MS);
  timer.unref();
  const release = () => {
    clearInterval(timer);
    process.off("exit", release);
    rmSync(file, { force: true });
  };
  process.on("exit", release);
  return release;
}
