// `npm run tenant`: checks a real tenant of 3dEye against docs/3DEYE.md.

import { mkdirSync, statSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join, relative } from "node:path";
import { dialectToSet, inWords, quoted } from "./tenant/report.mjs";
import { REQUESTS } from "./tenant/requests.mjs";
import { runAgainst } from "./tenant/run.mjs";
import { Interrupted, Stop } from "./tenant/session.mjs";
import { HELP, readOptions, readUpstream } from "./tenant/settings.mjs";
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
  const startedAt = new Date();
  const file = transcriptFile(options.transcript, startedAt);
  const settings = { ...options, ...(await readUpstream(process.env, terminal)) };
  if (settings.write !== undefined && settings.write.toLowerCase() === settings.login?.username.toLowerCase()) {
    throw new Failure("--write wants an e-mail of its own, and this is the login's");
  }
  const signal = interruptions();
  const confirm = (/** @type {string} */ plan) => confirmed(plan, settings.yes ? null : terminal, signal);
  const run = await runAgainst(settings, { signal, progress, confirm });
  showRemains(run, settings);
  const transcript = keepTranscript(run, file, startedAt);
  const report = {
    version: /** @type {const} */ (1),
    baseUrl: settings.baseUrl,
    rows: run.rows,
    dialect: dialectToSet(run.session),
    ended: run.ended?.message ?? null,
    remains: run.remains,
    transcript,
  };
  process.stdout.write(`${settings.json ? JSON.stringify(report, null, 2) : inWords(report)}\n`);
  if (run.ended && !isExpected(run.ended)) explain(run.ended);
  return transcript === null ? USAGE_ERROR : exitCode(run);
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

/** @param {import("./tenant/run.mjs").Run} run @param {import("./tenant/settings.mjs").Settings} settings */
function showRemains({ remains, session }, settings) {
  for (const { id, email } of remains) {
    if (id === null) {
      process.stderr.write(`✗ Perhaps left behind: an account with ${email}, whose create was not answered\n`);
      continue;
    }
    const { path } = REQUESTS.delete(session.dialect, { userId: id });
    const bearer = settings.login ? "\\nauthorization: Bearer %s" : "";
    const values = `"$THREEDEYE_API_KEY"${settings.login ? ' "$TOKEN"' : ""}`;
    process.stderr.write(
      `✗ Left behind: the account ${id} with ${email}. This removes it${settings.login ? " (TOKEN: as the token call answers it)" : ""}:\n` +
        `  printf 'x-api-key: %s${bearer}\\n' ${values} | curl -sS -i -X DELETE -H @- ${quoted(settings.baseUrl + path)}\n`,
    );
  }
}

/** @param {import("./tenant/run.mjs").Run} run */
function exitCode({ rows, ended, remains }) {
  if (ended instanceof Interrupted && ended.by !== "output") return 128 + constants.signals[ended.by];
  if (remains.length > 0) return NOT_REACHED;
  if (ended) return ended instanceof Stop ? ended.exitCode : NOT_REACHED;
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
  const { exitCode = USAGE_ERROR } = error instanceof Failure ? error.details : {};
  process.exitCode = isUsage ? exitCode : NOT_REACHED;
}
