// What the Worker makes of an answer of 3dEye, in a dialect: the same rules as in src/threedeye/wire/. Transcripts hold the
// result, and native tests hold the Worker's code against it.

import { mustTellRoles } from "./dialect.mjs";
import { fieldOf, isMarkup, isObject, parseJson } from "./json.mjs";
import { isUsableId } from "./requests.mjs";

/**
 * @typedef {import("./dialect.mjs").Dialect} Dialect
 * @typedef {import("./requests.mjs").Id} Id
 * @typedef {{status: number, text: string}} Response
 * @typedef {"token" | "list" | "create" | "delete" | "attachRole" | "proof"} Call
 * @typedef {"timed out" | "connection" | "too large"} Lost
 *
 * @typedef {object} User
 * @property {Id} id
 * @property {string} email
 * @property {Id[]} roles
 *
 * @typedef {object} Reading
 * @property {string} name as transcripts have it
 * @property {User[]} [users] of a page
 * @property {number} [total] of a page that has one
 * @property {Id} [id] of an account that was created, if the answer tells it
 * @property {string} [token]
 * @property {number} [expires] in seconds, if told credibly
 */

const MAX_LIFETIME_S = 24 * 3600;

/**
 * @param {Call} call @param {Response} response @param {Dialect} dialect
 * @param {string} [email] of the account that a create is about
 * @returns {Reading}
 */
export function read(call, response, dialect, email = "") {
  return READERS[call](response, dialect, email);
}

/** What it means that no whole answer came. @param {Call} call @param {Lost} cause @returns {Reading} */
export function readLost(call, cause) {
  if (call === "create") return error("answer_lost");
  if (cause === "too large") return error("unreadable_answer");
  return error(call === "delete" ? "answer_lost" : "unavailable");
}

/** @type {Record<Call, (response: Response, dialect: Dialect, email: string) => Reading>} */
const READERS = {
  token(response, dialect) {
    if (isSuccess(response)) return issued(response, dialect);
    return [400, 401, 403].includes(response.status) ? error("unauthorized") : refusal(response);
  },

  proof(response, dialect) {
    if (isSuccess(response)) {
      const { token, name } = issued(response, dialect);
      return token === undefined ? { name } : { name: "proved", token };
    }
    return [400, 401].includes(response.status) ? { name: "not_proved" } : refusal(response);
  },

  list: (response, dialect) => (isSuccess(response) ? page(response, dialect) : refusal(response)),

  create(response, dialect, email) {
    const { status, text } = response;
    if (isSuccess(response)) return created(text, dialect);
    const { statuses, statusesWithWord } = dialect.taken;
    const isTaken = statuses.includes(status) || (statusesWithWord.includes(status) && holdsWord(text, dialect, email));
    if (isTaken) return { name: "email_taken" };
    const refused = refusal(response);
    return refused.name === "error:unavailable" ? error("answer_lost") : refused;
  },

  delete(response, dialect) {
    if (isSuccess(response)) return isMarkup(response.text) ? error("unreadable_answer") : { name: "deleted" };
    return dialect.delete.goneStatuses.includes(response.status) ? { name: "gone" } : refusal(response);
  },

  attachRole(response, dialect) {
    if (isSuccess(response)) return isMarkup(response.text) ? error("unreadable_answer") : { name: "attached" };
    if (dialect.attachRole.attachedStatuses.includes(response.status)) return { name: "attached" };
    return response.status === 404 ? error("not_found") : refusal(response);
  },
};

/** @param {string} name @returns {Reading} */
const error = (name) => ({ name: `error:${name}` });

/** @param {{status: number}} response */
export const isSuccess = ({ status }) => status >= 200 && status <= 299;

/** @param {Response} response */
function refusal({ status }) {
  if (status === 401) return error("unauthorized");
  if (status === 429) return error("rate_limited");
  return error(status === 408 || (status >= 500 && status <= 599) ? "unavailable" : "rejected");
}

/**
 * The words of the dialect that a refusal of a create holds. The e-mail itself does not count.
 * @param {string} text @param {Dialect} dialect @param {string} email
 */
export function takenWords(text, { taken }, email) {
  const searched = text.toLowerCase().replaceAll(email.trim().toLowerCase(), "");
  return taken.words.filter((word) => searched.includes(word.toLowerCase()));
}

/** @param {string} text @param {Dialect} dialect @param {string} email */
const holdsWord = (text, dialect, email) => takenWords(text, dialect, email).length > 0;

/**
 * A single object: bare, or under the name that lists have.
 * @template T
 * @param {string} text @param {Dialect} dialect @param {(object: any) => T | undefined} reader
 * @returns {T | undefined}
 */
function single(text, { answers }, reader) {
  const json = parseJson(text);
  if (!isObject(json)) return undefined;
  const inner = fieldOf(json, answers.items);
  return (isObject(inner) ? reader(inner) : undefined) ?? reader(json);
}

/** @param {Response} response @param {Dialect} dialect @returns {Reading} */
function issued({ text }, dialect) {
  const { accessToken, expiresIn } = dialect.answers;
  const found = single(text, dialect, (object) => {
    const token = fieldOf(object, accessToken);
    return typeof token === "string" ? { token, told: fieldOf(object, expiresIn) } : undefined;
  });
  if (!found || !/^[\t\x20-\x7e]+$/.test(found.token)) return error("unreadable_answer");
  const seconds = numberOf(found.told);
  if (!(seconds >= 1 && seconds <= MAX_LIFETIME_S)) return { name: "token", token: found.token };
  return { name: `token:expires=${seconds}`, token: found.token, expires: seconds };
}

/** A number however it is written, else NaN. @param {unknown} value */
function numberOf(value) {
  if (typeof value === "string" && value.trim() !== "") return Number(value);
  return typeof value === "number" ? value : Number.NaN;
}

/** @param {string} text @param {Dialect} dialect @returns {Reading} */
function created(text, dialect) {
  const id = single(text, dialect, (object) => idOf(fieldOf(object, dialect.answers.id)));
  if (id !== undefined && isUsableId(id)) return { name: "account", id };
  return text.trim() === "" || parseJson(text) !== undefined ? { name: "account" } : error("answer_lost");
}

/** @param {unknown} value @returns {Id | undefined} */
export function idOf(value) {
  if (typeof value === "string") return value;
  return typeof value === "bigint" || Number.isSafeInteger(value) ? /** @type {number | bigint} */ (value) : undefined;
}

/** @param {Response} response @param {Dialect} dialect @returns {Reading} */
function page({ text }, dialect) {
  const json = parseJson(text);
  const items = isObject(json) ? fieldOf(json, dialect.answers.items) : undefined;
  const total = isObject(json) ? (fieldOf(json, dialect.answers.total) ?? undefined) : undefined;
  if (!Array.isArray(items) || !(total === undefined || isCount(total))) return error("unreadable_answer");
  const users = items.map((item) => userOf(item, dialect));
  if (!users.every((user) => user !== undefined)) return error("unreadable_answer");
  const name = `page:${users.length}${total === undefined ? "" : `:total=${total}`}`;
  return { name, users, total: total === undefined ? undefined : Number(total) };
}

/** @param {unknown} value */
export const isCount = (value) => (Number.isSafeInteger(value) || typeof value === "bigint") && Number(value) >= 0;

/** @param {any} item @param {Dialect} dialect @returns {User | undefined} */
function userOf(item, { answers }) {
  if (!isObject(item)) return undefined;
  const id = idOf(fieldOf(item, answers.id));
  const email = fieldOf(item, answers.email);
  const lists = [answers.roles, answers.roleIds].map((name) => fieldOf(item, name));
  if (mustTellRoles(answers) && lists.every((list) => list === undefined)) return undefined;
  const roles = lists.map((list) => rolesOf(list, answers.roleId));
  const isUser = id !== undefined && isUsableId(id) && (email === null || typeof email === "string");
  if (!isUser || roles.includes(undefined)) return undefined;
  return { id, email: email ?? "", roles: /** @type {Id[][]} */ (roles).flat() };
}

/** @param {any} list @param {string} idName @returns {Id[] | undefined} undefined if it is no list of roles */
function rolesOf(list, idName) {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return undefined;
  const ids = list.map((role) => idOf(isObject(role) ? fieldOf(role, idName) : role));
  return ids.every((id) => id !== undefined && isUsableId(id)) ? /** @type {Id[]} */ (ids) : undefined;
}
