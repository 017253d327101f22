// THREEDEYE_DIALECT: the names, paths and statuses of 3dEye that a setting can change. docs/CONFIGURATION.md describes it.

import { defaultDialect } from "../simulator/dialect.mjs";
import { Failure } from "../tooling/say.mjs";
import { isObject, pascal } from "./json.mjs";

/**
 * @typedef {import("../simulator/dialect.mjs").Dialect} Dialect
 * @typedef {Record<string, any>} Changes a part of a dialect: what differs from the defaults
 */

/** Objects of `answers` whose names must differ, because they are read from one object. */
const READ_TOGETHER = [
  ["items", "total"],
  ["id", "email", "roles", "roleIds"],
  ["accessToken", "expiresIn"],
];

const METHODS = ["POST", "PUT", "PATCH"];

/** They tell of the key, the login or 3dEye as a whole, never of one account or role: the Worker refuses them. */
const NEVER_OF_ONE = [401, 403, 408, 429];

/** And an account or role may not be known yet where it is attached. */
const NEVER_ATTACHED = [401, 403, 404, 408, 429];

/**
 * @param {string | undefined} text of the setting
 * @returns {{changes: Changes | null, dialect: Dialect}}
 */
export function parseDialect(text) {
  if (text === undefined || text.trim() === "") return { changes: null, dialect: defaultDialect() };
  let changes;
  try {
    changes = JSON.parse(text);
  } catch {
    throw wrong("is not JSON");
  }
  return { changes, dialect: withChanges(defaultDialect(), changes) };
}

/**
 * @param {Dialect} base @param {Changes} changes
 * @returns {Dialect} a new one
 */
export function withChanges(base, changes) {
  if (!isObject(changes)) throw wrong("must be a JSON object");
  const dialect = /** @type {Dialect} */ (merged(base, changes, ""));
  check(dialect);
  return dialect;
}

/** Changes over changes. @param {Changes | null} base @param {Changes} more @returns {Changes} */
export function joined(base, more) {
  const result = { ...base };
  for (const [name, value] of Object.entries(more)) {
    result[name] = isObject(value) && isObject(result[name]) ? joined(result[name], value) : value;
  }
  return result;
}

/** The paths of all that is changed, such as `answers.total`. @param {Changes} changes @returns {string[]} */
export const pathsOf = (changes) =>
  Object.entries(changes).flatMap(([name, value]) =>
    isObject(value) && name !== "body" ? pathsOf(value).map((path) => `${name}.${path}`) : [name],
  );

/**
 * Why a dialect cannot be changed so; undefined if it can.
 * @param {Dialect} base @param {Changes} changes
 */
export function obstacleTo(base, changes) {
  try {
    withChanges(base, changes);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

const ASSUMED = defaultDialect().answers;

/** Whether every user must have one of the two lists of roles. @param {Dialect["answers"]} answers */
export const mustTellRoles = ({ roles, roleIds }) => roles !== ASSUMED.roles || roleIds !== ASSUMED.roleIds;

/** @param {string} what */
const wrong = (what) => new Failure(`THREEDEYE_DIALECT ${what}`);

/** @param {string} path @param {string} rule @returns {never} */
function refuse(path, rule) {
  throw wrong(`is wrong at ${path}: ${rule}`);
}

/** @param {any} base @param {any} changes @param {string} path @returns {any} */
function merged(base, changes, path) {
  const result = { ...base };
  for (const [name, value] of Object.entries(changes)) {
    const here = path + name;
    if (!Object.hasOwn(base, name)) refuse(here, `unknown; known are ${Object.keys(base).join(", ")}`);
    const isGroup = isObject(base[name]) && here !== "attachRole.body";
    if (isGroup && !isObject(value)) refuse(here, "must be an object");
    result[name] = isGroup ? merged(base[name], value, `${here}.`) : value;
  }
  return result;
}

/** @param {Dialect} dialect */
function check(dialect) {
  for (const [name, path] of Object.entries(dialect.paths)) checkPath(path, `paths.${name}`);
  placeholders(dialect.paths.token, [], "paths.token");
  placeholders(dialect.paths.users, [], "paths.users");
  placeholders(dialect.paths.user, ["userId"], "paths.user");
  checkAttach(dialect);
  for (const group of /** @type {const} */ (["query", "create", "login"])) {
    checkNames(dialect[group], Object.keys(dialect[group]), group);
  }
  checkNames(dialect.answers, ["roleId"], "answers");
  for (const names of READ_TOGETHER) checkNames(dialect.answers, names, "answers");
  checkInteger(dialect.firstPage, 0, 1, "firstPage");
  checkInteger(dialect.maxPageSize, 1, 5000, "maxPageSize");
  checkStatuses(dialect.taken.statuses, NEVER_OF_ONE, "taken.statuses");
  checkStatuses(dialect.taken.statusesWithWord, NEVER_OF_ONE, "taken.statusesWithWord");
  checkStatuses(dialect.attachRole.attachedStatuses, NEVER_ATTACHED, "attachRole.attachedStatuses");
  checkStatuses(dialect.delete.goneStatuses, NEVER_OF_ONE, "delete.goneStatuses");
  const isWord = (/** @type {unknown} */ word) =>
    typeof word === "string" && /^[^\p{C}]{1,40}$/u.test(word) && word.trim() !== "";
  if (!isListOf(dialect.taken.words, isWord)) refuse("taken.words", "must be at most 20 words of 1 to 40 printable characters");
}

/** @param {unknown} path @param {string} at */
function checkPath(path, at) {
  // No "%": a parser of URLs could be made to see dots by it.
  const isPath = typeof path === "string" && /^\/(?!\/)[\w/.~!$&'()*+,;=:@{}-]*$/.test(path);
  if (!isPath || path.includes("..") || path.split("/").includes(".")) {
    refuse(at, "must be a path below the base URL that begins with one /, of unescaped ASCII characters, without .. and query");
  }
}

/** @param {string} path @param {string[]} wanted @param {string} at */
function placeholders(path, wanted, at) {
  const found = [...path.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name);
  const fits = found.length === wanted.length && wanted.every((name) => found.includes(name));
  if (!fits || /[{}]/.test(path.replace(/\{[^{}]*\}/g, ""))) {
    refuse(at, wanted.length > 0 ? `must hold ${wanted.map((name) => `{${name}}`).join(" and ")} once` : "holds no {…}");
  }
}

/** @param {Dialect} dialect */
function checkAttach({ paths, attachRole }) {
  const { method, body } = attachRole;
  if (!METHODS.includes(method)) refuse("attachRole.method", `must be one of ${METHODS.join(", ")}`);
  if (body !== null && !isObject(body)) refuse("attachRole.body", "must be null or an object");
  const inBody = textsIn(body);
  if (inBody.some((text) => /[{}]/.test(text.replace(/\{(roleId|userId)\}/g, "")))) {
    refuse("attachRole.body", "its texts may hold no braces but {roleId} and {userId}");
  }
  const inPath = ["roleId", "userId"].filter((name) => paths.attachRole.includes(`{${name}}`));
  placeholders(paths.attachRole, inPath, "paths.attachRole");
  for (const name of ["roleId", "userId"]) {
    if (!inPath.includes(name) && !inBody.some((text) => text.includes(`{${name}}`))) {
      refuse("paths.attachRole", `must hold {${name}}, or attachRole.body must`);
    }
  }
}

/** @param {unknown} value @returns {string[]} */
function textsIn(value) {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** @param {Record<string, any>} group @param {string[]} names @param {string} at */
function checkNames(group, names, at) {
  for (const name of names) {
    const value = group[name];
    const isName = typeof value === "string" && /^[^\p{C}]{1,64}$/u.test(value);
    if (!isName) refuse(`${at}.${name}`, "must be a name of 1 to 64 printable characters");
  }
  // In answers a name also stands for its form in PascalCase.
  const written = (/** @type {string} */ name) => (at === "answers" ? pascal(group[name]) : group[name]);
  const twice = names.find((name, index) => names.slice(0, index).some((other) => written(name) === written(other)));
  if (twice) refuse(`${at}.${twice}`, "two fields have this name");
}

/** @param {unknown} value @param {number} min @param {number} max @param {string} at */
function checkInteger(value, min, max, at) {
  if (!Number.isInteger(value) || Number(value) < min || Number(value) > max) {
    refuse(at, `must be an integer from ${min} to ${max}`);
  }
}

/** @param {unknown} list @param {number[]} never @param {string} at */
function checkStatuses(list, never, at) {
  const isStatus = (/** @type {any} */ status) =>
    Number.isInteger(status) && status >= 400 && status <= 499 && !never.includes(status);
  if (!isListOf(list, isStatus)) refuse(at, `must be at most 20 statuses from 400 to 499 but ${never.join(", ")}`);
}

/** @param {unknown} list @param {(entry: unknown) => boolean} accepts */
const isListOf = (list, accepts) => Array.isArray(list) && list.length <= 20 && list.every(accepts);
