// The Worker's settings, as docs/CONFIGURATION.md lists them; a native test holds that list against the Worker's own.

import { readFileSync } from "node:fs";
import { inRoot } from "./paths.mjs";

const GUIDE = readFileSync(inRoot("docs", "CONFIGURATION.md"), "utf8");

/** @typedef {{name: string, preset: string | undefined}} Variable `preset`: its default, where it has one */

/** @returns {Variable[]} what wrangler.toml may have under `[vars]` */
export const variables = () => rowsUnder("Variables").map(([name, preset]) => ({ name, preset: presetIn(preset) }));

/** @returns {string[]} what only `wrangler secret put` may set */
export const secretNames = () => rowsUnder("Secrets").map(([name]) => name);

/** The first two cells of each row; a row for several settings becomes several. @param {string} heading */
function rowsUnder(heading) {
  const [, section = ""] = GUIDE.split(`\n## ${heading}\n`);
  const rows = section.split(/\n#/)[0].matchAll(/^\| (`[^|]*) \| ([^|]*) \|/gm);
  return [...rows].flatMap(([, names, second]) =>
    [...names.matchAll(/`([A-Z0-9_]+)`/g)].map(([, name]) => /** @type {[string, string]} */ ([name, second.trim()])),
  );
}

/** @param {string} cell */
const presetIn = (cell) => /^(?:`([^`]+)`|(\d+))$/.exec(cell)?.slice(1).find(Boolean);
