// The long-running processes of `npm start`. Each is ended together with what it started.

import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { logFile, ROOT } from "./paths.mjs";
import { Failure } from "./say.mjs";

const GRACE_MS = 5_000;
const KEPT_LINES = 25;
const END_WITH_PARENT = fileURLToPath(new URL("end-with-parent.mjs", import.meta.url));

export class Children {
  /** @type {Set<import("execa").ResultPromise>} */
  #running = new Set();
  #stopping = false;
  /** @type {(failure: Failure) => void} */
  #onDeath;

  /** @param {(failure: Failure) => void} onDeath called when one ends unasked */
  constructor(onDeath) {
    this.#onDeath = onDeath;
  }

  /**
   * Starts a program of Node.
   * @param {string} name also of its log file
   * @param {string[]} args
   * @param {{env?: NodeJS.ProcessEnv, onLine?: (line: string) => void}} [options]
   */
  start(name, args, { env = process.env, onLine = () => {} } = {}) {
    const file = logFile(name);
    writeFileSync(file, "");
    /** @type {string[]} */
    const latest = [];
    /** @param {unknown} line */
    function* watched(line) {
      latest.push(String(line));
      if (latest.length > KEPT_LINES) latest.shift();
      onLine(String(line));
      yield line;
    }
    const output = /** @type {const} */ ([watched, { file, append: true }]);
    const child = execa(process.execPath, ["--import", END_WITH_PARENT, ...args], {
      cwd: ROOT,
      env,
      extendEnv: false,
      stdin: "ignore",
      stdout: output,
      stderr: output,
      buffer: false,
      reject: false,
      forceKillAfterDelay: GRACE_MS,
      killDescendants: true,
    });
    this.#running.add(child);
    child.then(({ exitCode, signal, originalMessage }) => {
      child.kill("SIGKILL"); // what it started must not stay either
      this.#running.delete(child);
      if (this.#stopping) return;
      const how = signal
        ? `ended by ${signal}`
        : exitCode === undefined
          ? `could not be started: ${originalMessage}`
          : `ended with exit code ${exitCode}`;
      this.#onDeath(new Failure(`${name} ${how}`, { tail: latest.join("\n"), log: relative(ROOT, file) }));
    });
  }

  async stopAll() {
    this.#stopping = true;
    const children = [...this.#running];
    for (const child of children) child.kill();
    await Promise.all(children);
  }
}
