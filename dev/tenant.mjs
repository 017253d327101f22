// `npm run tenant`: checks a real tenant of 3dEye against docs/3DEYE.md.

import { constants } from "node:os";
import { join, relative } from "node:path";
import { Unanswered } from "./tenant/prompt.mjs";
import { dialectToSet, inWords } from "./tenant/report.mjs";
import { runAgainst } from "./tenant/run.mjs";
import { Interrupted, Stop } from "./tenant/session.mjs";
import { HELP, readOptions, readUpstream } from "./tenant/settings.mjs";
import { transcriptOf, writeTranscript } from "./tenant/transcript.mjs";
import { DEV } from "./tooling/paths.mjs";
import { explain, Failure } from "./tooling/say.mjs";

const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
const USAGE_ERROR = 2;

/** @returns {Promise<number>} the exit code */
async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const terminal = process.stdin.isTTY && process.stderr.isTTY ? { input: process.stdin, output: process.stderr } : null;
  const settings = { ...options, ...(await readUpstream(process.env, terminal)) };
  const startedAt = new Date();
  const run = await runAgainst(settings, { signal: interruptions(), progress });
  const file = settings.transcript ?? join(DEV, "tenant", `${startedAt.toISOString().replaceAll(":", "-")}.json`);
  writeTranscript(file, transcriptOf(run.session, { takenAt: startedAt, foreignCustomers: run.foreignCustomers, passwords: [] }));
  const report = {
    version: /** @type {const} */ (1),
    baseUrl: settings.baseUrl,
    rows: run.rows,
    dialect: dialectToSet(run.session),
    ended: run.ended?.message ?? null,
    remains: [],
    transcript: settings.transcript ?? relative(process.cwd(), file),
  };
  process.stdout.write(`${settings.json ? JSON.stringify(report, null, 2) : inWords(report)}\n`);
  return exitCode(run);
}

/** @param {import("./tenant/run.mjs").Run} run */
function exitCode({ rows, ended }) {
  if (ended instanceof Interrupted) return ended.by === "output" ? 3 : 128 + constants.signals[ended.by];
  if (ended instanceof Stop) return ended.exitCode;
  return rows.some(({ verdict }) => verdict === "differs") ? 1 : 0;
}

/** Aborted when the run is to end: by a signal, or because its output has been closed. */
function interruptions() {
  const interruption = new AbortController();
  const end = (/** @type {NodeJS.Signals | "output"} */ by) => interruption.abort(new Interrupted(by));
  // Also later ones are caught: what was made is deleted before the process ends.
  for (const signal of SIGNALS) process.on(signal, () => end(signal));
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => end("output"));
  return interruption.signal;
}

/** @param {string} text */
const progress = (text) => void process.stderr.write(`▸ ${text}\n`);

try {
  process.exitCode = await main();
} catch (error) {
  explain(error);
  const isUsage = error instanceof Failure || String(/** @type {{code?: string}} */ (error).code).startsWith("ERR_PARSE_ARGS");
  process.exitCode = error instanceof Unanswered ? 128 + constants.signals.SIGINT : isUsage ? USAGE_ERROR : 3;
}
