/**
 * Instances with their keys and users, put into the database as the Worker keeps them: what the user-key API does must not
 * depend on the routes that make them. And what that API answers, from the contract.
 */

import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";

/**
 * @typedef {import("./service.mjs").Service} Service
 * @typedef {import("./http.mjs").Answer} Answer
 * @typedef {{id: string, key: string}} Key
 * @typedef {{id: number, username: string, key: string, createdAt: number}} User
 *
 * @typedef {object} Instance
 * @property {string} name
 * @property {number} createdAt
 * @property {Record<keyof typeof ACCOUNTS, Key>} account account keys by role
 * @property {Record<keyof typeof PROGRAMS, Key>} program instance API keys by their flags
 * @property {User} ada
 * @property {User} bob
 */

export const VERSIONS = ["v1", "v1.1"];

export const NO_INSTANCE = "Instance was not found.";
export const NO_KEY = "No such API Key.";
export const DENIED = "You do not have permission to perform this action.";
export const NOT_FOUND = "Not found";
/** @param {string} method */
export const notAllowed = (method) => `Method "${method}" not allowed.`;

const EVEN = "02468ace";
const ODD = "13579bdf";

/** A key as they are made: the last digit tells whose. @param {string} [lastDigits] those that it may have */
const newKey = (lastDigits = EVEN) =>
  randomBytes(20).toString("hex").slice(0, 39) + lastDigits[randomBytes(1)[0] % lastDigits.length];
export const newUserKey = () => newKey(EVEN);
export const newProgramKey = () => newKey(ODD);

/** How a key rests. @param {string} key */
export const hashOf = (key) => createHash("sha256").update(key.toLowerCase()).digest("hex");

const ACCOUNTS = { full: {}, write: {}, read: {}, revoked: { role: "full", revoked: true } };
const PROGRAMS = {
  plain: {},
  ignoreAcl: { ignore_acl: true },
  userCreate: { allow_user_create: true },
  groupCreate: { allow_group_create: true },
  anonymousRead: { allow_anonymous_read: true },
  allButIgnoreAcl: { allow_user_create: true, allow_group_create: true, allow_anonymous_read: true },
  allFlags: { ignore_acl: true, allow_user_create: true, allow_group_create: true, allow_anonymous_read: true },
  revoked: { ignore_acl: true, revoked: true },
};

/**
 * An instance with a key of every kind and two users. Its keys are callers that were not braked before.
 * @param {Service} service
 * @param {string} [name]
 * @returns {Promise<Instance>}
 */
export async function addInstance(service, name = `rivia-${randomBytes(6).toString("hex")}`) {
  const createdAt = 1_427_292_091_962;
  const account = keysOf(ACCOUNTS, "akey", newUserKey);
  const program = keysOf(PROGRAMS, "ikey", newProgramKey);
  service.keepsConfidential(...[...Object.values(account), ...Object.values(program)].map(({ key }) => key));
  const rows = [
    ...Object.entries(ACCOUNTS).map(([kind, given]) => ({
      role: kind,
      ...given,
      ...rest(account[/** @type {keyof typeof ACCOUNTS} */ (kind)]),
    })),
    ...Object.entries(PROGRAMS).map(([kind, given]) => ({
      ...given,
      ...rest(program[/** @type {keyof typeof PROGRAMS} */ (kind)]),
    })),
  ];
  await service.sql("INSERT INTO instances (name, created_at) VALUES (?, ?)", name, createdAt);
  await service.sql(
    `INSERT INTO instance_keys (id, key_hash, instance, role, ignore_acl, allow_user_create, allow_group_create, allow_anonymous_read, created_at, revoked_at)
     SELECT value ->> 'id', value ->> 'hash', ?1, value ->> 'role', ifnull(value ->> 'ignore_acl', 0), ifnull(value ->> 'allow_user_create', 0),
       ifnull(value ->> 'allow_group_create', 0), ifnull(value ->> 'allow_anonymous_read', 0), ?2, iif(value ->> 'revoked', ?2 + 1, NULL)
     FROM json_each(?3)`,
    name,
    createdAt,
    JSON.stringify(rows),
  );
  const [ada, bob] = await addInstanceUsers(service, name, ["Ada Lovelace", "bob@residents.example"]);
  return { name, createdAt, account, program, ada, bob };
}

/**
 * @template {string} Kind
 * @param {Record<Kind, object>} kinds @param {string} prefix of their ids @param {() => string} make
 * @returns {Record<Kind, Key>}
 */
const keysOf = (kinds, prefix, make) =>
  /** @type {any} */ (
    Object.fromEntries(Object.keys(kinds).map((kind) => [kind, { id: `${prefix}_${randomUUID()}`, key: make() }]))
  );

/** @param {Key} key */
const rest = ({ id, key }) => ({ id, hash: hashOf(key) });

/**
 * Adds users in one statement.
 * @param {Service} service @param {string} instance @param {string[]} usernames
 * @returns {Promise<User[]>}
 */
export async function addInstanceUsers(service, instance, usernames) {
  const createdAt = 1_700_000_000_007;
  const users = usernames.map((username) => ({ username, key: newUserKey() }));
  service.keepsConfidential(...users.map(({ key }) => key));
  const made = await service.sql(
    `INSERT INTO instance_users (instance, username, key_hash, key_changed_at, created_at)
     SELECT ?1, value ->> 'username', value ->> 'hash', ?2, ?2 FROM json_each(?3) WHERE true RETURNING id, username`,
    instance,
    createdAt,
    JSON.stringify(users.map(({ username, key }) => ({ username, hash: hashOf(key) }))),
  );
  const ids = new Map(made.map(({ id, username }) => [username, id]));
  return users.map(({ username, key }) => ({ id: ids.get(username), username, key, createdAt }));
}

/**
 * The four routes by what they are for, as paths into an instance.
 * @type {Record<"reset" | "user" | "own" | "class", {method: string, path: (instance: string, id: number | string) => string}>}
 */
export const ROUTES = {
  reset: { method: "POST", path: (instance, id) => `/instances/${instance}/users/${id}/reset_key/` },
  user: { method: "GET", path: (instance, id) => `/instances/${instance}/users/${id}/` },
  own: { method: "GET", path: (instance) => `/instances/${instance}/user/` },
  class: { method: "GET", path: (instance) => `/instances/${instance}/classes/user_profile/` },
};

/** The four under both versions: a name, the method and a path. */
export const EVERY_ROUTE = VERSIONS.flatMap((version) =>
  Object.entries(ROUTES).map(([name, { method, path }]) => ({
    name: /** @type {keyof typeof ROUTES} */ (name),
    version,
    method,
    /** @param {string} instance @param {number | string} [id] */
    path: (instance, id = 1) => `/${version}${path(instance, id)}`,
  })),
);

/**
 * The keys as the header of each kind.
 * @param {Key | undefined} [program] @param {{key: string}} [user]
 * @returns {Record<string, string>}
 */
export const keyHeaders = (program, user) => ({
  ...(program && { "x-api-key": program.key }),
  ...(user && { "x-user-key": user.key }),
});

/** A user, as the contract shows it. @param {Instance} instance @param {User} user @param {string} version @param {string} [key] */
export function userBody(instance, { id, username, createdAt }, version, key) {
  const root = `/${version}/instances/${instance.name}`;
  const self = `${root}/users/${id}/`;
  const profile = `${root}/classes/user_profile/objects/${id}/`;
  const made = micros(createdAt);
  return {
    id,
    username,
    ...(key !== undefined && { user_key: key }),
    groups: [],
    profile: {
      id,
      owner: id,
      revision: 1,
      created_at: made,
      updated_at: made,
      channel: null,
      channel_room: null,
      group: null,
      owner_permissions: "full",
      group_permissions: "none",
      other_permissions: "none",
      links: { self: profile, owner: self },
    },
    links: { self, groups: `${self}groups/`, "reset-key": `${self}reset_key/`, profile },
  };
}

/** The class of profiles. @param {Instance} instance @param {string} version */
export function classBody(instance, version) {
  const self = `/${version}/instances/${instance.name}/classes/user_profile/`;
  const made = micros(instance.createdAt);
  return {
    name: "user_profile",
    description: "",
    schema: [],
    status: "ready",
    revision: 1,
    created_at: made,
    updated_at: made,
    group: null,
    group_permissions: "none",
    other_permissions: "none",
    metadata: {},
    links: { self, objects: `${self}objects/` },
  };
}

/** Answers what the four routes do of `instance.ada`, by the routes' names. */
export const bodies = {
  reset: (
    /** @type {Instance} */ instance,
    /** @type {string} */ version,
    /** @type {{json: {user_key: string | undefined}}} */ answer,
  ) => userBody(instance, instance.ada, version, answer.json.user_key),
  user: (/** @type {Instance} */ instance, /** @type {string} */ version) => userBody(instance, instance.ada, version),
  own: (/** @type {Instance} */ instance, /** @type {string} */ version) => userBody(instance, instance.ada, version),
  class: (/** @type {Instance} */ instance, /** @type {string} */ version) => classBody(instance, version),
};

/** @param {number} millis */
const micros = (millis) => new Date(millis).toISOString().replace("Z", "000Z");

/** What every answer of this API has, with a body or without. @param {Answer} answer */
export function assertWireHeaders({ headers }) {
  assert.equal(headers["access-control-allow-origin"], "*");
  assert.equal(headers["www-authenticate"], undefined, "this API never asks for credentials");
  assert.equal(headers["cache-control"], "no-store");
}

/** @param {Answer} answer @param {unknown} body */
export function assertFine(answer, body) {
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json, body);
  assert.equal(answer.headers["content-type"], "application/json");
  assertWireHeaders(answer);
}

/** A refusal: a status, a sentence, and nothing else. @param {Answer} answer @param {number} status @param {string} detail */
export function assertDetail(answer, status, detail, message = "") {
  assert.deepEqual([answer.status, answer.json], [status, { detail }], message || undefined);
  assert.equal(answer.headers["content-type"], "application/json");
  assertWireHeaders(answer);
}

/** @param {Answer} answer @returns {number} the seconds to wait */
export function assertThrottled(answer) {
  assert.equal(answer.status, 429, answer.text);
  const wait = answer.headers["retry-after"] ?? "";
  assert.match(wait, /^[1-9]\d*$/, "a plain number, at least one");
  assertDetail(answer, 429, `Request was throttled. Expected available in ${wait} second(s).`);
  assert.equal(answer.headers["x-d1-rows-written"] ?? "0", "0");
  return Number(wait);
}
