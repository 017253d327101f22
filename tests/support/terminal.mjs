/** A program on a terminal of its own, where a person types. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

import { until } from "./until.mjs";

/** Makes a terminal, runs the arguments in it, and hands on what is typed and shown, and the exit code. */
const IN_TERMINAL = `
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
`;

/** Why there are no terminals here; false if there are. */
export const NO_TERMINAL = spawnSync("python3", ["-c", "import pty"]).status !== 0 && "python3 with the module pty is not there";

/**
 * @param {string[]} args of node
 * @param {{env: Record<string, string>, answers: [string, string][]}} person types each answer once its question is shown
 * @returns {Promise<{code: number, shown: string}>}
 */
export async function onTerminal(args, { env, answers }) {
  const child = spawn("python3", ["-c", IN_TERMINAL, process.execPath, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: "pipe",
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (shown += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (shown += text));
  const ended = once(child, "close");
  try {
    for (const [question, typed] of answers) {
      await until(() => shown.includes(question) || child.exitCode !== null, `the question ${question}`);
      child.stdin.write(typed);
    }
    await until(() => child.exitCode !== null, "the program's end");
    const [code] = await ended;
    return { code, shown };
  } finally {
    child.kill();
  }
}
