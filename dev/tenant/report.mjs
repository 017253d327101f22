// The report of a run: for people, and as JSON.

import { joined, withChanges } from "./dialect.mjs";

/**
 * @typedef {object} Report
 * @property {1} version
 * @property {string} baseUrl
 * @property {import("./findings.mjs").Finding[]} rows
 * @property {import("./dialect.mjs").Changes | null} dialect to set, null if it is right as it is
 * @property {string | null} ended why the run ended early
 * @property {{id: string | null, email: string}[]} remains accounts that were left behind
 * @property {string | null} record the file by which --remove deletes them
 * @property {string | null} transcript the file
 */

/**
 * The dialect to set: what is set already and what was learned.
 * @param {import("./session.mjs").Session} session
 */
export function dialectToSet({ settings, learned }) {
  if (Object.keys(learned).length === 0) return null;
  withChanges(settings.dialect, learned);
  return joined(settings.changes, learned);
}

/** @param {Report} report */
export function inWords({ baseUrl, rows, dialect, ended, transcript }) {
  const lines = [`3dEye at ${baseUrl}, against docs/3DEYE.md`, ""];
  for (const { row, item, verdict, seen, differences, unseen } of rows) {
    lines.push(`${String(row).padStart(2)}  ${item.padEnd(14)}  ${verdict}`);
    for (const one of seen) lines.push(`      ${one}`);
    for (const { expected, seen: found, change, file } of differences) {
      lines.push(`    ! expected: ${expected}`, `      seen:     ${found}`, `      change:   ${change}`);
      if (change !== file) lines.push(`      code:     ${file}`);
    }
    for (const one of unseen) lines.push(`    ? ${one}`);
  }
  const count = (/** @type {string} */ verdict) => rows.filter((row) => row.verdict === verdict).length;
  const counts = ["as assumed", "differs", "could not be seen"].map((verdict) => `${count(verdict)} ${verdict}`);
  lines.push("", `${rows.length} rows: ${counts.join(", ")}`);
  if (ended) lines.push(`The run ended early: ${ended}.`);
  if (transcript) lines.push(`Transcript: ${transcript}`);
  if (dialect) lines.push("", "What differs and is data can be set:", `THREEDEYE_DIALECT=${quoted(JSON.stringify(dialect))}`);
  return lines.join("\n");
}

/** For a shell. @param {string} text */
export const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
