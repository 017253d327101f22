// The long-running processes of `npm start`. Each has a process group of its
// own, so that ending it ends whatever it started, and none outlives us: not
// even when we are killed without a chance to clean up (see undertaker.mjs).

import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { logFile, ROOT } from "./paths.mjs";
import { killGroup, tail } from "./run.mjs";
import { Failure } from "./say.mjs";

const GRACE_MS = 5_000;

export class Children {
  /** @type {Map<number, string>} */
  #running = new Map();
  #stopping = false;
  #undertaker = spawn(process.execPath, [fileURLToPath(new URL("undertaker.mjs", import.meta.url))], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  /** @type {(failure: Failure) => void} */
  #onDeath;

  /** @param {(failure: Failure) => void} onDeath called when one ends that nobody asked to */
  constructor(onDeath) {
    this.#onDeath = onDeath;
    this.#undertaker.stdin.on("error", () => {});
  }

  /**
   * @param {string} name also of its log file
   * @param {string} command
   * @param {string[]} args
   * @param {NodeJS.ProcessEnv} [env]
   */
  start(name, command, args, env = process.env) {
    const log = logFile(name);
    const output = openSync(log, "w");
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", output, output], detached: true });
    closeSync(output);
    const group = child.pid;
    if (group !== undefined) {
      this.#running.set(group, name);
      this.#undertaker.stdin.write(`+${group}\n`);
    }
    /** @param {string} how */
    const ended = (how) => {
      if (group !== undefined) {
        killGroup(group, "SIGKILL"); // what it started must not stay either
        this.#running.delete(group);
        this.#undertaker.stdin.write(`-${group}\n`);
      }
      if (this.#stopping) return;
      this.#onDeath(new Failure(`${name} ${how}`, { tail: tail(readFileSync(log, "utf8")), log: relative(ROOT, log) }));
    };
    child.on("error", (error) => ended(`could not be started: ${error.message}`));
    child.on("exit", (code, signal) => ended(`ended ${signal ? `by ${signal}` : `with exit code ${code}`}`));
  }

  async stopAll() {
    this.#stopping = true;
    for (const group of this.#running.keys()) killGroup(group, "SIGTERM");
    const deadline = performance.now() + GRACE_MS;
    while (this.#running.size > 0 && performance.now() < deadline) await sleep(50);
    for (const group of this.#running.keys()) killGroup(group, "SIGKILL");
    this.#undertaker.stdin.end();
  }
}
