// What a check has found, and the one command that mends it.

/**
 * @typedef {"ok" | "warning" | "problem" | "unseen"} Result
 *   problem: something does not work; warning: it works, but should be looked at; unseen: it could not be looked at
 *
 * @typedef {object} Finding
 * @property {string} check its group and its name, "database.migrations"
 * @property {Result} result
 * @property {string} seen
 * @property {string} [command] which mends it, or makes it visible
 * @property {boolean} [mendedByDeploying] whether a deployment is all that is missing
 */

/** For what another run, or another token, would show. */
export const AGAIN = "npm run doctor";
export const TOKEN_AGAIN = "npm run doctor -- --token";

/** @param {string} check @param {string} seen @returns {Finding} */
export const ok = (check, seen) => ({ check, result: "ok", seen });

/** @param {string} check @param {string} seen @param {string} command @returns {Finding} */
export const warning = (check, seen, command) => ({ check, result: "warning", seen, command });

/** @param {string} check @param {string} seen @param {string} command @returns {Finding} */
export const problem = (check, seen, command) => ({ check, result: "problem", seen, command });

/** @param {string} check @param {string} seen @param {string} command @returns {Finding} */
export const unseen = (check, seen, command) => ({ check, result: "unseen", seen, command });

/** A problem that is over once this checkout is deployed. @param {string} check @param {string} seen @param {string} command @returns {Finding} */
export const undeployed = (check, seen, command) => ({ ...problem(check, seen, command), mendedByDeploying: true });

/** Before a deployment, what is missing of it is to be expected. @param {Finding} finding @returns {Finding} */
export const beforeDeploying = (finding) =>
  finding.mendedByDeploying && finding.result === "problem" ? { ...finding, result: "warning" } : finding;

/**
 * How the program ends: 0 everything was seen and works, 1 there is a problem, 3 something could not be seen.
 * @param {Finding[]} findings
 */
export function exitCodeOf(findings) {
  if (findings.some(({ result }) => result === "problem")) return 1;
  return findings.some(({ result }) => result === "unseen") ? 3 : 0;
}

/** What others wrote must not move the cursor, or hide a part of a line. @param {string} text */
export const printable = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "�");

/** A text in quotes, and not endless. @param {unknown} value */
export function shown(value) {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return `"${printable(text.length > 200 ? `${text.slice(0, 200)}…` : text)}"`;
}
