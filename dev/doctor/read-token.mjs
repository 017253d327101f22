// Takes a token without showing it: from a pipe, or typed into a prompt that does not echo. Never from the command line, which
// other users of the machine can read, and which the shell keeps.

import { ask } from "../tooling/prompt.mjs";

/** Many times what the Worker takes. */
const MAX_BYTES = 64 * 1024;

const QUESTION = "Paste the token, it is not shown, and press Enter: ";

/** @returns {Promise<string>} */
export async function readToken() {
  return process.stdin.isTTY ? ask({ input: process.stdin, output: process.stderr }, QUESTION) : readAll();
}

async function readAll() {
  const chunks = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += chunk.length;
    if (size > MAX_BYTES) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
