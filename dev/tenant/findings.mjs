// What a run has seen of each row of docs/3DEYE.md.

import { pathsOf } from "./dialect.mjs";
import { isMarkup, isObject, parseJson } from "./json.mjs";
import { retryAfter } from "./retry-after.mjs";

/**
 * @typedef {"as assumed" | "differs" | "could not be seen"} Verdict
 *
 * @typedef {object} Difference
 * @property {string} expected
 * @property {string} seen
 * @property {string} change what changes it: a setting, or else the file
 * @property {string} file that implements the row
 *
 * @typedef {object} Finding
 * @property {number} row
 * @property {string} item
 * @property {Verdict} verdict
 * @property {string[]} seen what was seen that is as assumed
 * @property {Difference[]} differences
 * @property {string[]} unseen what could not be seen, and why
 */

const WIRE = "src/threedeye/wire";

/** The rows of docs/3DEYE.md, with the file that implements each. */
export const ROWS = /** @type {const} */ ([
  { row: 1, item: "base URL", file: "src/config.rs" },
  { row: 2, item: "API key", file: `${WIRE}/mod.rs` },
  { row: 3, item: "token", file: `${WIRE}/auth.rs` },
  { row: 4, item: "bearer", file: `${WIRE}/mod.rs and src/threedeye/client/` },
  { row: 5, item: "envelope", file: `${WIRE}/list.rs and ${WIRE}/mod.rs` },
  { row: 6, item: "user list", file: `${WIRE}/list.rs and src/threedeye/client/` },
  { row: 7, item: "a user", file: `${WIRE}/list.rs and ${WIRE}/fields.rs` },
  { row: 8, item: "create", file: `${WIRE}/accounts.rs` },
  { row: 9, item: "delete", file: `${WIRE}/accounts.rs` },
  { row: 10, item: "attach a role", file: `${WIRE}/roles.rs` },
  { row: 11, item: "e-mail taken", file: `${WIRE}/accounts.rs` },
  { row: 12, item: "walls", file: "src/provisioning/" },
  { row: 13, item: "letter case", file: "src/kernel/" },
  { row: 14, item: "delay", file: "src/provisioning/" },
  { row: 15, item: "rate limit", file: "src/threedeye/retry.rs" },
  { row: 16, item: "error bodies", file: `${WIRE}/mod.rs` },
  { row: 17, item: "password", file: "src/threedeye/password.rs" },
  { row: 18, item: "proof", file: `${WIRE}/auth.rs` },
]);

const fileOf = (/** @type {number} */ row) => ROWS.find((one) => one.row === row)?.file ?? "";

/** Headers that tell of limits on the rate. */
export const isLimitHeader = (/** @type {string} */ name) => /^(x-)?(app-)?rate-?limit/i.test(name);

/** Of an error's fields those are named that many services have; others could be anything. */
const ERROR_FIELDS = ["message", "Message", "error", "title", "detail", "errors", "code", "status", "type", "traceId"];

/** @param {string} text of an error's body */
function formOf(text) {
  if (text.trim() === "") return "an empty body";
  if (isMarkup(text)) return "HTML";
  const json = parseJson(text);
  if (!isObject(json)) return json === undefined ? "a text" : "JSON that is no object";
  const names = ERROR_FIELDS.filter((name) => Object.hasOwn(json, name));
  return names.length > 0 ? `JSON (${names.join(", ")})` : "JSON";
}

export class Findings {
  /** @type {Map<number, {seen: Set<string>, differences: Map<string, Difference>, unseen: Set<string>}>} */
  #rows = new Map(ROWS.map(({ row }) => [row, { seen: new Set(), differences: new Map(), unseen: new Set() }]));

  /** As assumed. @param {number} row @param {string} what */
  seen(row, what) {
    this.#of(row).seen.add(what);
  }

  /**
   * @param {number} row
   * @param {{expected: string, seen: string, changes?: import("./dialect.mjs").Changes, change?: string}} difference
   *   `changes` of the dialect, or in words what is to be changed; without either it is the row's file
   */
  differs(row, { expected, seen, changes, change }) {
    const file = fileOf(row);
    const where = changes ? `THREEDEYE_DIALECT ${pathsOf(changes).join(", ")}` : (change ?? file);
    this.#of(row).differences.set([expected, seen, where].join(), { expected, seen, change: where, file });
  }

  /** Only the row's file can be changed. @param {number} row @param {{expected: string, seen: string, obstacle: string}} difference */
  cannotBeSet(row, { expected, seen, obstacle }) {
    this.differs(row, { expected, seen, change: `${fileOf(row)}; it cannot be set: ${obstacle}` });
  }

  /** @param {number} row @param {string} why */
  unseen(row, why) {
    this.#of(row).unseen.add(why);
  }

  /** Every answer may tell of the rows 15 and 16. @param {import("./client.mjs").Answer} answer */
  heard({ status, headers, text }) {
    if (status >= 400) this.seen(16, `${status} with ${formOf(text)}`);
    const limits = [...headers.keys()].filter(isLimitHeader);
    if (limits.length > 0) this.seen(15, `answers carry ${limits.join(", ")}`);
    if (status !== 429) return;
    const value = headers.get("retry-after");
    const isCredible = value !== null && retryAfter(value, Date.now()) !== undefined;
    const form = value === null ? "without Retry-After" : `with Retry-After ${/^\d+$/.test(value) ? "in seconds" : "as a date"}`;
    this.seen(15, value === null || isCredible ? `429 ${form}` : "429 with a Retry-After that is not obeyed");
  }

  /** @param {number} row */
  hasSeen(row) {
    return this.#of(row).seen.size > 0 || this.#of(row).differences.size > 0;
  }

  /** @param {string} otherwise why a row was not seen that nothing is known about @returns {Finding[]} */
  all(otherwise) {
    return ROWS.map(({ row, item }) => {
      const { seen, differences, unseen } = this.#of(row);
      const verdict = differences.size > 0 ? "differs" : seen.size > 0 ? "as assumed" : "could not be seen";
      const isBlank = verdict === "could not be seen" && unseen.size === 0;
      return {
        row,
        item,
        verdict,
        seen: [...seen],
        differences: [...differences.values()],
        unseen: isBlank ? [otherwise] : [...unseen],
      };
    });
  }

  /** @param {number} row */
  #of(row) {
    const found = this.#rows.get(row);
    if (!found) throw new TypeError(`there is no row ${row}`);
    return found;
  }
}
