/** Keeps the simulator's accounts and keys across restarts, so that a local installation doesn't forget its users. */

import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const VERSION = 1;

/** Changes come in bursts; one write after each burst is enough. */
const SETTLE_MS = 50;

/**
 * @typedef {object} SavedState
 * @property {{users: import("./directory.mjs").User[], roles: import("./directory.mjs").Role[]}} directory
 * @property {import("./issuer.mjs").SavedKeys} keys
 */

/**
 * @param {string} file
 * @returns {Promise<SavedState | undefined>} undefined when there is no file yet
 */
export async function loadState(file) {
  let content;
  try {
    content = await readFile(file, "utf8");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
  // A file that isn't ours is never taken for an empty one: the next save would overwrite it.
  const state = parse(content);
  if (
    state?.version !== VERSION ||
    !Array.isArray(state.directory?.users) ||
    !Array.isArray(state.directory.roles) ||
    !state.keys
  ) {
    throw new Error(`${file} is not a simulator state of version ${VERSION}; move it away to begin afresh`);
  }
  return state;
}

/** @param {string} content */
function parse(content) {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

export class StateSaver {
  #file;
  #snapshot;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #dirty = false;
  #writing = Promise.resolve();

  /**
   * @param {string} file
   * @param {() => SavedState} snapshot
   */
  constructor(file, snapshot) {
    this.#file = file;
    this.#snapshot = snapshot;
  }

  /** Something worth keeping has changed; it is written soon. */
  changed() {
    this.#dirty = true;
    this.#timer ??= setTimeout(() => {
      this.flush().catch((error) => console.error(`The simulator can't save ${this.#file}: ${error.message}`));
    }, SETTLE_MS);
  }

  /** Writes what has not been written yet. Writes never overlap, so an older state can't replace a newer one. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write());
    return this.#writing;
  }

  async #write() {
    if (!this.#dirty) return;
    this.#dirty = false;
    // Rename is atomic within a folder: a crash leaves the former state or the new one, never half of it.
    const temporary = `${this.#file}.${process.pid}.tmp`;
    try {
      await mkdir(dirname(this.#file), { recursive: true });
      await writeFile(temporary, JSON.stringify({ version: VERSION, ...this.#snapshot() }), { mode: 0o600 });
      await rename(temporary, this.#file);
    } catch (error) {
      this.#dirty = true;
      await rm(temporary, { force: true });
      throw error;
    }
  }
}
