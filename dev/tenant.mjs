// `npm run tenant`: checks a real tenant of 3dEye against docs/3DEYE.md.

import { mkdirSync, statSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join, relative } from "node:path";
import { Findings } from "./tenant/findings.mjs";
import {
  environmentOf,
  readRecord,
  recordBeside,
  recordOf,
  remainsInWords,
  removeRecorded,
  writeRecord,
} from "./tenant/left-behind.mjs";
import { dialectToSet, inWords } from "./tenant/report.mjs";
import { runAgainst } from "./tenant/run.mjs";
import { Interrupted, Session, Stop } from "./tenant/session.mjs";
import { HELP, readOptions, readUpstream } from "./tenant/settings.mjs";
import { simulatorEnvironment } from "./tenant/simulator.mjs";
import { transcriptOf, writeTranscript } from "./tenant/transcript.mjs";
import { DEV } from "./tooling/paths.mjs";
import { ask, Unanswered } from "./tooling/prompt.mjs";
import { explain, Failure } from "./tooling/say.mjs";

const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
const USAGE_ERROR = 2;
const NOT_REACHED = 3;

/** @returns {Promise<number>} the exit code */
async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const terminal = process.stdin.isTTY && process.stderr.isTTY ? { input: process.stdin, output: process.stderr } : null;
  if (options.write !== undefined && !options.yes && !terminal) {
    throw new Failure("--write asks before it changes anything, and there is no terminal: add --yes");
  }
  const env = options.simulator ? simulatorEnvironment() : process.env;
  if (options.remove !== undefined) return removeLeftBehind({ ...options, remove: options.remove }, env, terminal);
  const startedAt = new Date();
  const file = transcriptFile(options.transcript, startedAt);
  const settings = { ...options, ...(await readUpstream(env, terminal)) };
  if (settings.write !== undefined && settings.write.toLowerCase() === settings.login?.username.toLowerCase()) {
    throw new Failure("--write wants an e-mail of its own, and this is the login's");
  }
  const signal = interruptions();
  const confirm = (/** @type {string} */ plan) => confirmed(plan, settings.yes ? null : terminal, signal);
  const run = await runAgainst(settings, { signal, progress, confirm });
  const transcript = keepTranscript(run, file, startedAt);
  const record = run.remains.length > 0 ? keepRecord(recordBeside(file), recordOf(run)) : null;
  const report = {
    version: /** @type {const} */ (1),
    baseUrl: settings.baseUrl,
    rows: run.rows,
    dialect: dialectToSet(run.session),
    ended: run.ended?.message ?? null,
    remains: run.remains,
    record,
    transcript,
  };
  process.stdout.write(`${settings.json ? JSON.stringify(report, null, 2) : inWords(report)}\n`);
  if (run.ended && !isExpected(run.ended)) explain(run.ended);
  // The last that is read, with the command to run.
  if (run.remains.length > 0) process.stderr.write(`\n${remainsInWords(run.remains, record, options.simulator)}\n`);
  else if (run.ended && options.write !== undefined) process.stderr.write("\nNothing is left behind.\n");
  return run.remains.length === 0 && transcript === null ? USAGE_ERROR : exitCode(run);
}

/**
 * @param {import("./tenant/settings.mjs").Options & {remove: string}} options @param {NodeJS.ProcessEnv} env
 * @param {import("./tooling/prompt.mjs").Terminal | null} terminal
 */
async function removeLeftBehind(options, env, terminal) {
  const { remove: file, simulator } = options;
  const record = readRecord(file);
  const upstream = await readUpstream(environmentOf(record, env), terminal, record.hasLogin);
  const session = new Session({ ...options, ...upstream }, new Findings(), interruptions());
  try {
    const accounts = await removeRecorded(session, record, progress);
    const kept = keepRecord(file, { ...record, accounts });
    if (accounts.length === 0) process.stdout.write("Nothing is left behind any more.\n");
    else process.stderr.write(`\n${remainsInWords(accounts, kept, simulator)}\n`);
    return accounts.length === 0 ? 0 : NOT_REACHED;
  } catch (error) {
    if (!isExpected(error)) throw error;
    const { message } = /** @type {Error} */ (error);
    throw new Failure(message, { exitCode: endCode(/** @type {Error} */ (error)) });
  }
}

/** @param {string} file @param {import("./tenant/left-behind.mjs").Record} record @returns {string | null} the file, if it could be written */
function keepRecord(file, record) {
  try {
    writeRecord(file, record);
    return file;
  } catch (error) {
    explain(new Failure(`The record of what is left behind is not written: ${/** @type {Error} */ (error).message}`));
    return null;
  }
}

/** @param {unknown} error */
const isExpected = (error) => error instanceof Stop || error instanceof Interrupted;

/**
 * @param {string} plan @param {import("./tooling/prompt.mjs").Terminal | null} terminal to ask on
 * @param {AbortSignal} signal
 */
async function confirmed(plan, terminal, signal) {
  process.stderr.write(`\n${plan}\n\n`);
  if (!terminal) return true;
  try {
    return (await ask(terminal, 'Type "yes" to go on: ', { echo: true, signal })) === "yes";
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Unanswered)) throw error;
    if (error.by === "end") return false;
    throw new Interrupted("SIGINT");
  }
}

/** Where the transcript goes; its folder is there from now on. @param {string | undefined} asked @param {Date} now */
function transcriptFile(asked, now) {
  if (asked === undefined) {
    const folder = join(DEV, "tenant");
    mkdirSync(folder, { recursive: true });
    return join(folder, `${now.toISOString().replaceAll(":", "-")}.json`);
  }
  const isFolder = (/** @type {string} */ path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder(dirname(asked)) || isFolder(asked)) {
    throw new Failure("--transcript wants the name of a file in a folder that exists");
  }
  return asked;
}

/** @param {import("./tenant/run.mjs").Run} run @param {string} file @param {Date} takenAt @returns {string | null} as it is told */
function keepTranscript({ session, foreignCustomers, passwords }, file, takenAt) {
  try {
    writeTranscript(file, transcriptOf(session, { takenAt, foreignCustomers, passwords }));
    return session.settings.transcript ?? relative(process.cwd(), file);
  } catch (error) {
    explain(new Failure(`The transcript is not written: ${/** @type {Error} */ (error).message}`));
    return null;
  }
}

/** @param {import("./tenant/run.mjs").Run} run */
function exitCode({ rows, ended, remains }) {
  if (remains.length > 0) return NOT_REACHED;
  if (ended) return endCode(ended);
  return rows.some(({ verdict }) => verdict === "differs") ? 1 : 0;
}

/** @param {Error} ended why a run ended early */
function endCode(ended) {
  if (ended instanceof Interrupted && ended.by !== "output") return 128 + constants.signals[ended.by];
  return ended instanceof Stop ? ended.exitCode : NOT_REACHED;
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
  const { exitCode = USAGE_ERROR } = error instanceof Failure ? error.details : {};
  process.exitCode = isUsage ? exitCode : NOT_REACHED;
}
