// What may be asked of the bench.

import { parseArgs } from "node:util";
import { Failure } from "../dev/tooling/say.mjs";

/** Of rows: one list, so that a misspelt id is told before anything is built. */
export const IDS = /** @type {const} */ ([
  "first-1000",
  "no-credential",
  "wrong-key",
  "forged",
  "diagnostics",
  "by-key",
  "by-jwt",
  "by-pair",
  "own-user",
  "unknown-key",
  "reset",
  "status",
  "verify",
  "session",
  "overview",
  "user",
  "search",
  "backfill-50",
  "backfill-50-slow",
  "backfill-300-slow",
]);

export const HELP = `npm run bench [-- [--rows ID,…] [--sure [--within PERCENT] [--minutes N] [--blocks N]]]
npm run bench:start [-- [--rows ID,…] [--functions N]]
npm run bench:scale

  --rows       only these rows, by their ids
  --sure       repeats each row in fresh processes, by turns, until the 95 % interval
               of its ratio is narrower than ±PERCENT (3), at most so many minutes (15)
               or blocks of four processes (60) a row
  --functions  the largest functions of Wasm that a first request touches (0)

Ids: ${IDS.join(", ")}
`;

/** @typedef {typeof IDS[number]} Id */

/**
 * @param {string[]} args of the command line
 * @returns {{mode: "help" | "scale" | "start" | "sure" | "all", rows: Id[] | undefined, functions: number, goal: import("./sequence.mjs").Goal}}
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", short: "h" },
      scale: { type: "boolean" },
      start: { type: "boolean" },
      sure: { type: "boolean" },
      rows: { type: "string" },
      within: { type: "string", default: "3" },
      minutes: { type: "string", default: "15" },
      blocks: { type: "string", default: "60" },
      functions: { type: "string", default: "0" },
    },
  });
  const rows = values.rows?.split(",").map((text) => idOf(text.trim()));
  const mode = /** @type {const} */ (["help", "scale", "start", "sure"]).find((mode) => values[mode]) ?? "all";
  return {
    mode,
    rows,
    functions: number("functions", values.functions, 0),
    goal: {
      width: number("within", values.within, 0.1) / 100,
      mostMs: number("minutes", values.minutes, 0.1) * 60_000,
      mostBlocks: number("blocks", values.blocks, 1),
    },
  };
}

/** @param {string} text */
function idOf(text) {
  const id = IDS.find((each) => each === text);
  if (!id) throw new Failure(`There is no row ${text}`, { hint: `There are: ${IDS.join(", ")}` });
  return id;
}

/** @param {string} name @param {string} text @param {number} least */
function number(name, text, least) {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < least) throw new Failure(`--${name} takes a number from ${least}`);
  return value;
}
