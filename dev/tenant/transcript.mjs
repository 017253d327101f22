// The exchanges of a run as a file that native tests replay through src/threedeye/wire/: all personal data and secrets are
// replaced, and each exchange says what the Worker must make of it.

import { writeFileSync } from "node:fs";

import { isLimitHeader } from "./findings.mjs";
import { fieldOf, isObject, parseJson, stringifyJson } from "./json.mjs";
import { read, takenWords } from "./reading.mjs";
import { Redactor } from "./redact.mjs";
import { REQUESTS } from "./requests.mjs";

/** @typedef {import("./session.mjs").Exchange} Exchange */

const VERSION = 1;

/** Users kept of a page: the first, and then one of each other shape. */
const USERS_KEPT = 5;
const SHAPES_KEPT = 20;

/** Shorter ones would be found in anything. */
const MIN_CHECKED_LENGTH = 6;

/**
 * @param {import("./session.mjs").Session} session
 * @param {{takenAt: Date, foreignCustomers: string[], passwords: string[]}} known beside what the session knows
 */
export function transcriptOf(session, { takenAt, foreignCustomers, passwords }) {
  const { settings } = session;
  const redactor = new Redactor(session.dialect);
  [settings.customer, ...foreignCustomers].forEach((customer, index) => {
    redactor.know(customer, `customer-${index + 1}`);
  });
  redactor.know(settings.apiKey, "key-1");
  if (settings.login) redactor.know(settings.login.username, redactor.email(settings.login.username));
  const transcript = {
    version: VERSION,
    takenAt: takenAt.toISOString(),
    baseUrl: `https://tenant.example${pathOf(settings.baseUrl)}`,
    customer: "customer-1",
    dialect: settings.changes,
    exchanges: session.exchanges.map((exchange) => redacted(exchange, redactor, settings.dialect)).filter((one) => one !== null),
  };
  const secrets = [settings.apiKey, settings.login?.password ?? "", ...session.tokens, ...passwords];
  const names = [settings.customer, settings.login?.username ?? "", new URL(settings.baseUrl).host, ...foreignCustomers];
  // A plain word could be in it for another reason.
  checkClean(transcript, [...secrets, ...names.filter((name) => /[^a-z]/i.test(name))]);
  return transcript;
}

/** @param {string} file @param {ReturnType<typeof transcriptOf>} transcript */
export function writeTranscript(file, transcript) {
  writeFileSync(file, `${JSON.stringify(transcript, null, 2)}\n`, { mode: 0o600 });
}

/** Of the path only a version is told: the rest could name a tenant. @param {string} baseUrl */
const pathOf = (baseUrl) =>
  new URL(baseUrl).pathname.replace(/[^/]+/g, (part) => (/^(v\d+|api)$/.test(part) ? part : "path")).replace(/\/$/, "");

/** @param {Exchange} exchange @param {Redactor} redactor @param {import("./dialect.mjs").Dialect} dialect in force */
function redacted({ call, note, params, dialect: asked, answer, reading }, redactor, dialect) {
  const hidden = hiddenParams(params, redactor);
  const request = REQUESTS[call](asked, hidden);
  if (!answer) return { call, note, request, response: null, reading };
  const known = /** @type {import("./reading.mjs").Call} */ (call);
  const text = shortened(answer.text, asked.answers.items);
  const kept = read(known, { ...answer, text }, dialect, params.email);
  const words = (/** @type {string} */ value) => {
    const found = call === "create" && answer.status >= 400 ? takenWords(value, dialect, params.email) : [];
    return found.length > 0 ? ` (${found.join(", ")})` : "";
  };
  const json = parseJson(text);
  const body = json === undefined ? redactor.text(text, words) : stringifyJson(redactor.json(json, words));
  // What was replaced must not change what the answer means; such an exchange would be a wrong test.
  if (read(known, { status: answer.status, text: body }, dialect, hidden.email).name !== kept.name) return null;
  const response = { status: answer.status, headers: headersOf(answer.headers), body };
  return { call, note, request, response, reading: kept.name };
}

/** @param {any} params @param {Redactor} redactor @returns {any} */
function hiddenParams(params, redactor) {
  const hidden = { ...params };
  if (params.username !== undefined) hidden.username = redactor.email(params.username);
  if (params.email !== undefined) hidden.email = redactor.email(params.email);
  if (params.password !== undefined) hidden.password = redactor.secret(params.password);
  for (const name of ["customer", "userId", "roleId"]) {
    if (params[name] !== undefined) hidden[name] = redactor.id(params[name]);
  }
  return hidden;
}

/** A page with fewer users: the first, and one of each further shape. @param {string} text @param {string} itemsName */
function shortened(text, itemsName) {
  const json = parseJson(text);
  const items = isObject(json) ? fieldOf(json, itemsName) : json;
  if (!Array.isArray(items)) return text;
  /** @type {Set<string>} */
  const shapes = new Set();
  const few = items.filter((item, index) => {
    const shape = shapeOf(item);
    const isKept = index < USERS_KEPT || (!shapes.has(shape) && shapes.size < SHAPES_KEPT);
    shapes.add(shape);
    return isKept;
  });
  if (few.length === items.length) return text;
  if (Array.isArray(json)) return stringifyJson(few);
  const name = Object.keys(json).find((key) => json[key] === items) ?? itemsName;
  return stringifyJson({ ...json, [name]: few });
}

/** @param {any} value @returns {string} */
function shapeOf(value) {
  if (Array.isArray(value)) return `[${[...new Set(value.map(shapeOf))].join()}]`;
  if (!isObject(value)) return value === null ? "null" : typeof value;
  return `{${Object.entries(value).map(([name, entry]) => `${name}:${shapeOf(entry)}`)}}`;
}

/** @param {Headers} headers @returns {Record<string, string>} */
function headersOf(headers) {
  /** @type {Record<string, string>} */
  const kept = {};
  for (const [name, value] of headers) {
    const isType = name === "content-type" && /^[\w.+-]+\/[\w.+-]+(; *charset=[\w-]+)?$/.test(value);
    const isNumeric = (name === "retry-after" || isLimitHeader(name)) && /^[\d\s.;,=w"-]+$/.test(value);
    const isDate = name === "retry-after" && !Number.isNaN(Date.parse(value)) && /^[\w ,:+-]{10,40}$/.test(value);
    if (isType || isNumeric || isDate) kept[name] = value;
  }
  return kept;
}

/** A last look: nothing that is secret for certain may be in it. @param {object} transcript @param {string[]} secrets */
function checkClean(transcript, secrets) {
  const text = JSON.stringify(transcript);
  const isIn = (/** @type {string} */ secret) =>
    secret.length >= MIN_CHECKED_LENGTH && text.includes(JSON.stringify(secret).slice(1, -1));
  if (secrets.some(isIn)) throw new Error("the transcript would hold a secret, and is not written");
}
