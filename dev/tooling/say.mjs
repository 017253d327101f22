// What the developer sees: one line when something slow begins, a sign of life
// while it lasts, one line when it is over. Nothing for what takes no time.

import { log } from "node:console";

/** A failure the developer can act on: shown without a stack trace. */
export class Failure extends Error {
  /**
   * @param {string} message
   * @param {{hint?: string, tail?: string, log?: string, exitCode?: number}} [details]
   */
  constructor(message, details = {}) {
    super(message);
    this.details = details;
  }
}

/** @param {string} text */
export const say = (text) => log(text);

/** @param {number} since as given by performance.now() */
export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** How long the whole program has run. */
export const secondsSinceStart = () => `${Math.round(performance.now() / 1000)} s`;

const SIGN_OF_LIFE_EVERY_MS = 30_000;

/**
 * Announces `title`, does `work` and says how long it took.
 * @template T
 * @param {string} title
 * @param {(progress: {latest: string}) => Promise<T>} work may put its latest line into `progress.latest`
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const began = performance.now();
  const progress = { latest: "" };
  say(`▸ ${title}`);
  const stop = signsOfLife(title, progress);
  try {
    const result = await work(progress);
    say(`  ✓ ${title} (${seconds(began)})`);
    return result;
  } finally {
    stop();
  }
}

/**
 * Tells now and then that something still runs, and where it is.
 * @param {string} title
 * @param {{latest: string}} progress
 * @returns {() => void} to be called when it is over
 */
export function signsOfLife(title, progress) {
  const began = performance.now();
  const ticker = setInterval(() => {
    say(`  … ${title}: ${seconds(began)}${progress.latest ? `, now ${progress.latest}` : ""}`);
  }, SIGN_OF_LIFE_EVERY_MS);
  return () => clearInterval(ticker);
}

/** Explains a failure; anything but a `Failure` is a bug of ours and keeps its stack. @param {unknown} error */
export function explain(error) {
  const { code, message } = /** @type {{code?: string, message?: string}} */ (error);
  if (String(code).startsWith("ERR_PARSE_ARGS")) return console.error(`✗ ${message}`);
  if (!(error instanceof Failure)) return console.error(error);
  console.error(`\n✗ ${error.message}`);
  if (error.details.tail) console.error(error.details.tail.replace(/^/gm, "    "));
  if (error.details.log) console.error(`  Full output: ${error.details.log}`);
  if (error.details.hint) console.error(`  ${error.details.hint}`);
}

/**
 * Runs a program's main function; an error becomes an explanation and exit code 1.
 * @param {() => Promise<unknown>} main
 * @param {number} [ofFailures] the exit code of a `Failure`, where that tells more than 1
 */
export async function runMain(main, ofFailures = 1) {
  try {
    await main();
  } catch (error) {
    explain(error);
    process.exit(error instanceof Failure ? (error.details.exitCode ?? ofFailures) : 1); // other work may still be under way: it is ended with us
  }
}
