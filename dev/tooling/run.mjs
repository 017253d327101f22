// Runs one tool to its end: output into a log file, failure with its tail.

import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { execa } from "execa";
import { logFile, ROOT } from "./paths.mjs";
import { Failure } from "./say.mjs";

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] the whole environment
 * @property {string} [log] name of the log file; without it the output is only kept in memory
 * @property {boolean} [append] to the log instead of starting it anew
 * @property {number} [timeoutMs]
 * @property {{latest: string}} [progress] receives the latest line
 * @property {(output: string) => string} [excerpt] what to show of the output when it fails; without it the tail
 * @property {string} [hint] what to do when it fails
 *
 * @typedef {{code: number | null, output: string, stdout: string, timedOut: boolean, log?: string, missing: boolean}} Outcome
 */

/**
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Outcome>} whatever way it ended
 */
export async function attempt(
  command,
  args,
  { cwd = ROOT, env = process.env, log, append = false, timeoutMs = 0, progress } = {},
) {
  const file = log ? logFile(log) : undefined;
  if (file) writeFileSync(file, `$ ${[command, ...args].join(" ")}\n`, { flag: append ? "a" : "w" });
  /** @param {unknown} line */
  function* watched(line) {
    if (progress && String(line).trim()) progress.latest = String(line).trim().slice(0, 100);
    yield line;
  }
  const output = file
    ? /** @type {const} */ ([watched, "pipe", { file, append: true }])
    : /** @type {const} */ ([watched, "pipe"]);
  const result = await execa(command, args, {
    cwd,
    env,
    extendEnv: false,
    stdin: "ignore",
    stdout: output,
    stderr: output,
    all: true,
    stripFinalNewline: false,
    reject: false,
    timeout: timeoutMs,
    forceKillAfterDelay: 1_000,
    killDescendants: true, // cargo's compilers and tests, npm's install scripts
  });
  const missing = result.exitCode === undefined && result.signal === undefined;
  return {
    code: result.exitCode ?? null,
    output: missing ? `${result.originalMessage}\n` : result.all,
    stdout: result.stdout,
    timedOut: result.timedOut,
    log: file,
    missing,
  };
}

/**
 * Like `attempt`, but anything other than success is thrown as a `Failure`.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export async function run(command, args, options = {}) {
  const result = await attempt(command, args, options);
  if (result.code === 0) return result;
  const what = [command.split("/").pop(), ...args].join(" ");
  throw new Failure(`${what} ${howItEnded(result, options)}`, {
    tail: (options.excerpt ?? tail)(result.output),
    log: result.log && relative(ROOT, result.log),
    hint: options.hint,
  });
}

/** @param {Outcome} outcome @param {RunOptions} options */
function howItEnded({ code, missing, timedOut }, { timeoutMs = 0 }) {
  if (missing) return "could not be started";
  if (timedOut) return `was stopped after ${Math.round(timeoutMs / 1000)} s`;
  return `ended with ${code === null ? "a signal" : `exit code ${code}`}`;
}

/** The last lines of some output. @param {string} text @param {number} [count] */
export function tail(text, count = 25) {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

/** From the compiler's first error on: what comes after its last one is of no help. @param {string} output */
export function compilerErrors(output) {
  const at = output.search(/^error/m);
  return at < 0 ? tail(output) : output.slice(at).split("\n").slice(0, 80).join("\n");
}
