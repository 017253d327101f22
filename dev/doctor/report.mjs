// What the doctor says, to a person and to a program.

import { AGAIN, exitCodeOf, printable } from "./finding.mjs";

/** @typedef {import("./finding.mjs").Finding} Finding */

const MARKS = { ok: "✓", warning: "!", problem: "✗", unseen: "?" };

/** In the order in which things are set up. */
const GROUPS = {
  configuration: "wrangler.toml",
  build: "The build",
  account: "Cloudflare account",
  database: "Database",
  queues: "Queues",
  settings: "Settings",
  issuer: "Identity provider",
  clock: "Clocks",
  worker: "Worker",
  token: "Token",
};

/** @param {Finding[]} findings @returns {Finding[]} in the order of the groups */
export function inOrder(findings) {
  const groups = Object.keys(GROUPS);
  const place = (/** @type {Finding} */ { check }) => groups.indexOf(check.split(".")[0] ?? "");
  return findings.toSorted((/** @type {Finding} */ a, /** @type {Finding} */ b) => place(a) - place(b));
}

/** @param {Finding[]} findings @param {string} version */
export const toJson = (findings, version) =>
  JSON.stringify(
    { version, exitCode: exitCodeOf(findings), counts: countsOf(findings), next: nextCommand(findings), findings },
    null,
    2,
  );

/** @param {Finding[]} findings @param {string} version */
export function toText(findings, version) {
  const lines = [`spkey-edge ${version}`];
  for (const [group, title] of Object.entries(GROUPS)) {
    const own = findings.filter(({ check }) => check.startsWith(`${group}.`));
    if (own.length > 0) lines.push("", title, ...own.flatMap(linesOf));
  }
  return [...lines, "", ...summary(findings)].join("\n");
}

/** @param {Finding} finding */
function linesOf({ check, result, seen, command }) {
  const name = check.slice(check.indexOf(".") + 1);
  // What the Worker says of a setting begins with its name.
  const label = [" ", ":"].some((next) => seen.startsWith(name + next)) ? "" : `${name}: `;
  const first = `  ${MARKS[result]} ${label}${result === "unseen" ? "could not see " : ""}${printable(seen)}`;
  return command ? [first, `      ${printable(command)}`] : [first];
}

/** @param {Finding[]} findings */
function summary(findings) {
  const { problem, warning, unseen } = countsOf(findings);
  const next = nextCommand(findings);
  if (!next) return ["Everything was seen, and is fine."];
  const counts = [`${count(problem, "problem")}`, count(warning, "warning"), `${unseen} not seen`].join(", ");
  return [`${counts}. Begin with:`, `  ${printable(next)}`];
}

/** To ask again comes when there is something to be asked, to deploy when all else is done. @param {Finding[]} findings */
function nextCommand(findings) {
  const open = findings.filter(({ result }) => result === "problem" || result === "unseen");
  const atOnce = open.find(({ mendedByDeploying, command }) => !mendedByDeploying && command !== AGAIN);
  const first = atOnce ?? open[0] ?? findings.find(({ result }) => result === "warning");
  return first?.command;
}

/** @param {number} number @param {string} noun */
const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** @param {Finding[]} findings */
function countsOf(findings) {
  const counts = { ok: 0, warning: 0, problem: 0, unseen: 0 };
  for (const { result } of findings) counts[result] += 1;
  return counts;
}
