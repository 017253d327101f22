// Takes a token without showing it: from a pipe, or typed into a prompt that does not echo. Never from the command line, which
// other users of the machine can read, and which the shell keeps.

import { once } from "node:events";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** Many times what the Worker takes. */
const MAX_BYTES = 64 * 1024;

/** @returns {Promise<string>} */
export async function readToken() {
  return process.stdin.isTTY ? prompt() : readAll();
}

async function prompt() {
  const silent = new Writable({ write: (_, __, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write("Paste the token, it is not shown, and press Enter: ");
  lines.on("SIGINT", () => process.exit(130));
  const [line] = await Promise.race([once(lines, "line"), once(lines, "close").then(() => [""])]);
  lines.close();
  process.stderr.write("\n");
  return String(line);
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
