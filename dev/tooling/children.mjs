// The long-running processes of `npm start`. Each has a process group of its
// own, so that ending it ends whatever it started, and none outlives us: not
// even when we are killed without a chance to clean up (see undertaker.mjs).

import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { logFile, ROOT } from "./paths.mjs";
import { killGroup, lineSplitter } from "./run.mjs";
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
   * @param {{env?: NodeJS.ProcessEnv, onLine?: (line: string) => void}} [options]
   */
  start(name, command, args, { env = process.env, onLine = () => {} } = {}) {
    const log = logFile(name);
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const latest = record(child, log, onLine);
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
      this.#onDeath(new Failure(`${name} ${how}`, { tail: latest.join("\n"), log: relative(ROOT, log) }));
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

const KEPT_LINES = 25;

/**
 * Writes down what a process says.
 * @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, import("node:stream").Readable>} child
 * @param {string} log
 * @param {(line: string) => void} onLine
 * @returns {string[]} its latest lines, kept up to date
 */
function record(child, log, onLine) {
  const sink = createWriteStream(log);
  /** @type {string[]} */
  const latest = [];
  const lines = lineSplitter((line) => {
    latest.push(line);
    if (latest.length > KEPT_LINES) latest.shift();
    onLine(line);
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text) => {
      sink.write(text);
      lines.push(text);
    });
  }
  return latest;
}
