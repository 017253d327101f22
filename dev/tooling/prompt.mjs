// Questions on the terminal. What is typed is not shown unless asked for.

import { constants } from "node:os";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { Failure } from "./say.mjs";

const USAGE_ERROR = 2;

/** The person ended the question: with Ctrl-C, or with Ctrl-D, which gives no answer and is no signal. */
export class Unanswered extends Failure {
  /** @param {"SIGINT" | "end"} by */
  constructor(by) {
    const isSignal = by === "SIGINT";
    const message = isSignal ? "Interrupted at a question: nothing was done" : "A question got no answer: nothing was done";
    super(message, { exitCode: isSignal ? 128 + constants.signals.SIGINT : USAGE_ERROR });
    this.by = by;
  }
}

/** @typedef {{input: NodeJS.ReadableStream, output: NodeJS.WritableStream}} Terminal */

/**
 * @param {Terminal} terminal
 * @param {string} question
 * @param {{echo?: boolean, signal?: AbortSignal}} [options] `signal` ends the question as Ctrl-C does
 * @returns {Promise<string>} trimmed
 */
export async function ask({ input, output }, question, { echo = false, signal } = {}) {
  // Readline writes the question and what is typed to its output: without echo that is a hole.
  const hole = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: echo ? output : hole, terminal: true, historySize: 0 });
  // Not before the terminal stops to show what is typed.
  if (!echo) output.write(question);
  const left = new AbortController();
  lines.once("SIGINT", () => left.abort("SIGINT"));
  lines.once("close", () => left.abort("end"));
  try {
    const either = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
    const answer = await lines.question(echo ? question : "", { signal: either });
    if (!echo) output.write("\n");
    return answer.trim();
  } catch {
    output.write("\n");
    throw new Unanswered(left.signal.reason === "end" ? "end" : "SIGINT");
  } finally {
    lines.close();
  }
}
