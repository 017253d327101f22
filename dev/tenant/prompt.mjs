// Questions on the terminal. What is typed is not shown unless asked for.

import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/** The person ended the question with Ctrl-C or Ctrl-D. */
export class Unanswered extends Error {}

/** @typedef {{input: NodeJS.ReadableStream, output: NodeJS.WritableStream}} Terminal */

/**
 * @param {Terminal} terminal
 * @param {string} question
 * @param {{echo?: boolean, signal?: AbortSignal}} [options] `signal` ends the question
 * @returns {Promise<string>} trimmed
 */
export async function ask({ input, output }, question, { echo = false, signal } = {}) {
  // Readline writes the question and what is typed to its output: without echo that is a hole.
  if (!echo) output.write(question);
  const hole = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: echo ? output : hole, terminal: true, historySize: 0 });
  const left = new AbortController();
  lines.once("SIGINT", () => left.abort());
  lines.once("close", () => left.abort());
  try {
    const either = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
    const answer = await lines.question(echo ? question : "", { signal: either });
    if (!echo) output.write("\n");
    return answer.trim();
  } catch {
    output.write("\n");
    throw new Unanswered("no answer");
  } finally {
    lines.close();
  }
}
