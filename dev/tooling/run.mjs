// Runs one tool to its end: output into a log file, failure with its tail.

import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { relative } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { logFile, ROOT } from "./paths.mjs";
import { Failure } from "./say.mjs";

/** Process groups of tools that are running now. @type {Set<number>} */
const running = new Set();

// A tool gets a process group of its own, so that ending it also ends what it
// started (cargo's compilers, npm's install scripts).
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  // Programs that have more to see off listen themselves and leave when done.
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(130);
  });
}

process.on("exit", () => {
  for (const group of running) killGroup(group, "SIGTERM");
});

/** @param {number} group @param {NodeJS.Signals} signal */
export function killGroup(group, signal) {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false; // already gone
  }
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] the whole environment
 * @property {string} [log] name of the log file; without it the output is only kept in memory
 * @property {boolean} [append] to the log instead of starting it anew
 * @property {number} [timeoutMs]
 * @property {{latest: string}} [progress] receives the latest line
 * @property {(line: string) => void} [onLine]
 * @property {(output: string) => string} [excerpt] what to show of the output when it fails; without it the tail
 * @property {string} [hint] what to do when it fails
 */

/**
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{code: number | null, output: string, stdout: string, timedOut: boolean, log?: string, missing: boolean}>} whatever way it ended
 */
export function attempt(command, args, options = {}) {
  const file = options.log ? logFile(options.log) : undefined;
  const sink = file ? createWriteStream(file, { flags: options.append ? "a" : "w" }) : undefined;
  sink?.write(`$ ${[command, ...args].join(" ")}\n`);
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    if (child.pid) running.add(child.pid);
    let output = "";
    let stdout = "";
    let timedOut = false;
    const lines = lineSplitter((line) => {
      if (options.progress && line.trim()) options.progress.latest = line.trim().slice(0, 100);
      options.onLine?.(line);
    });
    for (const stream of [child.stdout, child.stderr]) {
      const decoder = new StringDecoder("utf8");
      stream.on("data", (chunk) => {
        sink?.write(chunk);
        const text = decoder.write(chunk);
        output += text;
        if (stream === child.stdout) stdout += text;
        lines.push(text);
      });
    }
    const timer = options.timeoutMs
      ? setTimeout(() => {
          timedOut = true;
          if (child.pid) killGroup(child.pid, "SIGKILL");
        }, options.timeoutMs)
      : undefined;
    /** @param {number | null} code @param {boolean} missing */
    const finish = (code, missing) => {
      clearTimeout(timer);
      if (child.pid) running.delete(child.pid);
      lines.end();
      sink?.end();
      resolve({ code, output, stdout, timedOut, log: file, missing });
    };
    child.on("error", (error) => {
      output += `${error.message}\n`;
      finish(null, true);
    });
    child.on("close", (code) => finish(code, false));
  });
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
  const how = result.missing
    ? "could not be started"
    : result.timedOut
      ? `was stopped after ${Math.round((options.timeoutMs ?? 0) / 1000)} s`
      : `ended with ${result.code === null ? "a signal" : `exit code ${result.code}`}`;
  throw new Failure(`${what} ${how}`, {
    tail: (options.excerpt ?? tail)(result.output),
    log: result.log && relative(ROOT, result.log),
    hint: options.hint,
  });
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

/** Cuts a stream of text into lines. @param {(line: string) => void} onLine */
export function lineSplitter(onLine) {
  let rest = "";
  return {
    /** @param {string} text */
    push(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    },
    end() {
      if (rest) onLine(rest);
      rest = "";
    },
  };
}
