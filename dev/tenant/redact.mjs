// Replaces personal data and secrets, the same value always by the same replacement: ids, paging and spellings still fit
// together, and nothing tells whose they were.

import { isObject, isPlainName, pascal, spellings } from "./json.mjs";

/** Numbers begin here, so that none is likely to be one of those replaced. */
const FIRST_NUMBER = 900_000_001;
const FIRST_LARGE_NUMBER = 9_000_000_000_000_000_001n;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const EMAIL = /\S@\S/;

const KINDS = /** @type {const} */ ([
  { kind: "password", name: /password|secret|api_?key/i },
  { kind: "token", name: /token/i },
  { kind: "phone", name: /phone|mobile|^tel$/i },
  { kind: "name", name: /name$/i },
]);

/** @typedef {(text: string) => string} KeptWords what of a text is told after its replacement */

export class Redactor {
  /** @type {Map<string, Map<string, number>>} what was replaced, by kind */
  #seen = new Map();
  /** @type {Map<string, string>} values that are replaced wherever they are a whole value */
  #known = new Map();
  #idNames;
  #plainNumbers;

  /**
   * @param {import("./dialect.mjs").Dialect} dialect whose names tell what is an id, and which numbers are harmless
   */
  constructor({ answers, query, create }) {
    const lower = (/** @type {string[]} */ names) => new Set(names.map((name) => name.toLowerCase()));
    this.#idNames = lower([answers.id, answers.roleId, answers.roleIds, answers.roles, query.customer, create.customer]);
    this.#plainNumbers = new Set([answers.total, answers.expiresIn].flatMap(spellings));
  }

  /** Replaces a value wherever it stands. @param {string} value @param {string} replacement */
  know(value, replacement) {
    this.#known.set(value, replacement);
  }

  /** Letter case, other than ASCII letters and white space are kept in kind: they matter for row 13. @param {string} email */
  email(email) {
    const trimmed = email.trim();
    const number = this.#number("e-mail", trimmed.toLowerCase());
    const name = /\P{ASCII}/u.test(trimmed) ? `üser-${number}` : `user-${number}`;
    const whole = inCaseOf(trimmed, `${name}@example.com`);
    return email.replace(trimmed, () => whole);
  }

  /** UUIDs stay UUIDs, and numbers stay numbers. @template {import("./requests.mjs").Id} T @param {T} id @returns {T} */
  id(id) {
    if (typeof id === "string" && EMAIL.test(id)) return /** @type {T} */ (this.email(id));
    const known = typeof id === "string" ? this.#known.get(id) : undefined;
    if (known !== undefined) return /** @type {T} */ (known);
    const text = String(id);
    if (text.trim() === "") return id;
    const number = this.#number("id", text);
    const isWhole = /^\d+$/.test(text);
    const isLarge = isWhole && !Number.isSafeInteger(Number(text));
    const digits = String(isLarge ? FIRST_LARGE_NUMBER + BigInt(number) : FIRST_NUMBER + number);
    if (typeof id === "number") return /** @type {T} */ (Number(digits));
    if (typeof id === "bigint") return /** @type {T} */ (BigInt(digits));
    const last = String(number).padStart(12, "0");
    const uuid = `00000000-0000-4000-8000-${last}`;
    return /** @type {T} */ (UUID.test(text) ? uuid : isWhole ? digits : `id-${number}`);
  }

  /** @param {string} value */
  secret(value, kind = "password") {
    return this.#known.get(value) ?? `${kind}-${this.#number(kind, value)}`;
  }

  /**
   * @param {any} json
   * @param {KeptWords} words
   * @param {string} [name] of the field that holds it
   * @returns {any}
   */
  json(json, words, name = "") {
    if (Array.isArray(json)) return json.map((entry) => this.json(entry, words, name));
    if (isObject(json)) {
      return Object.fromEntries(Object.entries(json).map(([key, value]) => [this.#key(key), this.json(value, words, key)]));
    }
    if (typeof json === "string") return this.#string(json, name, words);
    return typeof json === "number" || typeof json === "bigint" ? this.#numeric(json, name) : json;
  }

  /** A text that is no JSON. @param {string} text @param {KeptWords} words */
  text(text, words) {
    const trimmed = text.trim();
    if (trimmed === "") return text;
    const kept = words(text);
    if (trimmed.startsWith("<")) return `<!doctype html><title>A page</title>${kept}`;
    return /^[[{]/.test(trimmed) ? `{"cut": "off${kept}` : `text-${this.#number("text", trimmed)}${kept}`;
  }

  /** @param {string} value @param {string} name @param {KeptWords} words */
  #string(value, name, words) {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    if (value.trim() === "") return value;
    if (/^\S+@\S+$/.test(value.trim())) return this.email(value);
    if (this.#isIdName(name)) return this.id(value);
    const kind = KINDS.find((one) => one.name.test(name))?.kind ?? "text";
    if (kind === "phone") return `+1555010${String(this.#number("phone", value)).padStart(4, "0")}`;
    return `${kind}-${this.#number(kind, value)}${words(value)}`;
  }

  /** @param {number | bigint} value @param {string} name */
  #numeric(value, name) {
    if (this.#plainNumbers.has(name)) return value;
    if (this.#isIdName(name)) return this.id(value);
    const number = this.#number("number", String(value));
    const replaced = FIRST_NUMBER + 100_000_000 + number + (Number.isInteger(Number(value)) ? 0 : 0.5);
    return Number(value) < 0 ? -replaced : replaced;
  }

  /** @param {string} name */
  #isIdName(name) {
    return this.#idNames.has(name.toLowerCase()) || /(^|[a-z_-])(id|ids|guid|uuid)$/i.test(name);
  }

  /** @param {string} key */
  #key(key) {
    return isPlainName(key) && !UUID.test(key) && !this.#known.has(key) ? key : `key-${this.#number("key", key)}`;
  }

  /** @param {string} kind @param {string} value */
  #number(kind, value) {
    const numbers = this.#seen.get(kind) ?? new Map();
    this.#seen.set(kind, numbers);
    if (!numbers.has(value)) numbers.set(value, numbers.size + 1);
    return /** @type {number} */ (numbers.get(value));
  }
}

/** @param {string} original @param {string} text */
function inCaseOf(original, text) {
  if (original === original.toLowerCase()) return text;
  if (original === original.toUpperCase()) return text.toUpperCase();
  return text.replace(/^\p{L}/u, (letter) => letter.toUpperCase()).replace(/@(.)/, (_all, letter) => `@${pascal(letter)}`);
}
