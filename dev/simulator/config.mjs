/**
 * How the simulated vendor behaves. Its real API has no public specification of the user endpoints, so everything that is
 * a guess about it is a setting here, and tests can run the client against each reading.
 */

import { defaultDialect, dialectShape } from "./dialect.mjs";
import { orderShape } from "./mint.mjs";
import {
  anything,
  choice,
  flag,
  identifier,
  integer,
  list,
  milliseconds,
  nonNegative,
  nullable,
  openRecord,
  record,
  text,
} from "./shape.mjs";

/**
 * @typedef {object} Config
 * @property {string} apiKey expected in `x-api-key` on every call
 * @property {{username: string, password: string}} login the service account
 * @property {boolean} requireBearer data calls need the service account's token
 * @property {import("./dialect.mjs").Dialect} dialect paths, names and statuses
 * @property {string} ownCustomerId the customer the API key can delete and attach roles in
 * @property {number} tokenTtlSeconds
 * @property {boolean} includeExpiresIn
 * @property {number} wrongPasswordStatus
 * @property {boolean} includeTotal
 * @property {number | null} maxPageSize the server's own cap, null for none
 * @property {"camel" | "pascal"} fieldStyle
 * @property {"roles" | "roleIds"} rolesAs
 * @property {"guid" | "numeric"} idStyle of users created from now on
 * @property {200 | 201} createStatus
 * @property {"bare" | "data"} createEnvelope
 * @property {boolean} createWithoutId
 * @property {{status?: number, body?: any}} duplicate the answer to a taken e-mail, where it is not the dialect's
 * @property {200 | 204} deleteStatus
 * @property {200 | 201 | 204} attachStatus
 * @property {number} roleAttachNotFoundTimes how often a role and user pair answers 404 first
 * @property {number} latencyMs added to every upstream call, before it takes effect
 * @property {{create: number, delete: number}} visibilityDelayMs
 * @property {string | null} issuer `iss` of minted tokens, null for the simulator's own address
 * @property {string} audience `aud` of minted tokens
 * @property {OpenIdConfig} openid
 *
 * @typedef {object} OpenIdConfig the issuer as an OpenID provider
 * @property {string} clientId
 * @property {string} clientSecret
 * @property {("client_secret_post" | "client_secret_basic")[]} authMethods announced and accepted at the token endpoint
 * @property {string[]} people who can sign in
 * @property {boolean} honoursMaxAge a sign-in older than `max_age` is made anew, as it has to be
 * @property {Record<string, any>} discovery members over those of the discovery document
 * @property {import("./mint.mjs").MintOrder} idToken changes to ID tokens; its claims win over the right ones
 */

/** @returns {Config} */
export function defaultConfig() {
  return {
    apiKey: "sim-threedeye-key",
    login: { username: "svc@spkey.example", password: "sim-login-pass" },
    requireBearer: false,
    dialect: defaultDialect(),
    ownCustomerId: "cust-1",
    tokenTtlSeconds: 600,
    includeExpiresIn: true,
    wrongPasswordStatus: 401,
    includeTotal: true,
    maxPageSize: null,
    fieldStyle: "camel",
    rolesAs: "roles",
    idStyle: "guid",
    createStatus: 201,
    createEnvelope: "bare",
    createWithoutId: false,
    duplicate: {},
    deleteStatus: 204,
    attachStatus: 204,
    roleAttachNotFoundTimes: 0,
    latencyMs: 0,
    visibilityDelayMs: { create: 0, delete: 0 },
    issuer: null,
    audience: "spkey-edge",
    openid: {
      clientId: "spkey-console",
      clientSecret: "sim-console-secret",
      authMethods: ["client_secret_post", "client_secret_basic"],
      people: [
        "viewer@smartphonekey.com",
        "support@smartphonekey.com",
        "admin@smartphonekey.com",
        "stranger@smartphonekey.com",
        "visitor@elsewhere.example",
      ],
      honoursMaxAge: true,
      discovery: {},
      idToken: {},
    },
  };
}

/** A role is given as its id alone or with a display name. */
const role = (/** @type {any} */ value, /** @type {string} */ path) =>
  typeof value === "object" ? record({ id: identifier, name: text }, ["id"])(value, path) : { id: identifier(value, path) };

/** Checks a list of roles; each becomes `{id, name?}`. */
export const roleList = list(role);

const errorStatus = integer({ min: 400, max: 599 });

const patchShape = record({
  apiKey: text,
  login: record({ username: text, password: text }),
  requireBearer: flag,
  dialect: dialectShape,
  ownCustomerId: text,
  tokenTtlSeconds: nonNegative,
  includeExpiresIn: flag,
  wrongPasswordStatus: errorStatus,
  includeTotal: flag,
  maxPageSize: nullable(integer({ min: 1 })),
  fieldStyle: choice("camel", "pascal"),
  rolesAs: choice("roles", "roleIds"),
  idStyle: choice("guid", "numeric"),
  createStatus: choice(200, 201),
  createEnvelope: choice("bare", "data"),
  createWithoutId: flag,
  duplicate: record({ status: errorStatus, body: anything }),
  deleteStatus: choice(200, 204),
  attachStatus: choice(200, 201, 204),
  roleAttachNotFoundTimes: integer(),
  latencyMs: milliseconds,
  visibilityDelayMs: record({ create: milliseconds, delete: milliseconds }),
  issuer: nullable(text),
  audience: text,
  openid: record({
    clientId: text,
    clientSecret: text,
    authMethods: list(choice("client_secret_post", "client_secret_basic")),
    people: list(text),
    honoursMaxAge: flag,
    discovery: openRecord,
    idToken: orderShape,
  }),
  roles: roleList,
});

/**
 * Applies a partial change; the groups `login`, `duplicate`, `visibilityDelayMs` and `openid` may be given in part, too.
 * A `dialect` is given by what differs from the default, and replaces the one before.
 * `roles` is accepted beside the settings and handed back, because roles live in the directory.
 * @param {Config} config
 * @param {unknown} patch
 * @returns {{config: Config, roles?: {id: string | number, name?: string}[]}}
 */
export function patchConfig(config, patch) {
  const { roles, ...settings } = patchShape(patch, "config");
  for (const group of /** @type {const} */ (["login", "duplicate", "visibilityDelayMs", "openid"])) {
    if (settings[group]) settings[group] = { ...config[group], ...settings[group] };
  }
  return { config: { ...config, ...settings }, roles };
}
