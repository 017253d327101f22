/**
 * The account API as its callers know it: who they say they are, what their authenticator shows, how a refusal looks. All from
 * the description and with an authenticator's own library, nothing with the product's own code.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { Secret, TOTP } from "otpauth";

/**
 * @typedef {import("./service.mjs").Service} Service
 * @typedef {import("./http.mjs").Answer} Answer
 * @typedef {{authorization: string}} Headers
 * @typedef {{id: string}} Person
 * @typedef {Person | Headers} Caller a person stands for a token of their own
 * @typedef {{secret: string, codes: string[]}} Factor what a user who has enrolled knows
 */

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Of an authenticator. */
export const STEP = 30 * SECOND;

export const NOT_PERMITTED = "You do not have permission to perform this action.";
export const ONLY_ME = "As a non-staff user you're only allowed to access the `@me` user instance.";
export const TOKENS_OF_ME_ONLY = "Push tokens can only be managed via the `@me` path.";
export const NO_API_KEYS = "This action does not support personal API key access";
export const NOT_BOUND = "This API key is not bound to a user.";
export const OWNER_ONLY = "Backup codes are shown to their owner only.";
/** @param {string} scope */
export const lacksScope = (scope) => `API key missing required scope '${scope}'`;

export const BACKUP_CODE = /^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/;

/** The fields of the full user, in no order. */
export const USER_FIELDS = [
  "uuid",
  "date_joined",
  "first_name",
  "last_name",
  "email",
  "pending_email",
  "is_email_verified",
  "notification_settings",
  "anonymize_data",
  "allow_impersonation",
  "toolbar_mode",
  "theme_mode",
  "shortcut_position",
  "events_column_config",
  "has_seen_product_intro_for",
  "hedgehog_config",
  "allow_sidebar_suggestions",
  "role_at_organization",
  "hide_mcp_hints",
  "passkeys_enabled_for_2fa",
  "is_2fa_enabled",
  "scene_personalisation",
  "team",
];

/** What an authenticator shows: RFC 6238 with SHA-1, six digits and 30 s. @param {string} secret in base32 @param {number} atMs */
export const totp = (secret, atMs) => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: atMs });

/** @param {string} text whole bytes, without padding */
export const base32 = (text) => Buffer.from(Secret.fromBase32(text).bytes);

/** A code of the right form that opens nothing, not even a step too early or too late. @param {string} secret @param {number} atMs */
export function wrongTotp(secret, atMs) {
  const right = new Set([-2, -1, 0, 1, 2].map((steps) => totp(secret, atMs + steps * STEP)));
  return /** @type {string} */ (["000000", "111111", "222222", "333333", "444444", "555555"].find((code) => !right.has(code)));
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** A well-formed backup code that no user has. */
export const wrongBackupCode = () =>
  Array.from(randomBytes(16), (byte) => BASE32[byte % 32])
    .join("")
    .replace(/(.{4})(?=.)/g, "$1-");

/** The path of an action; of the user itself without one. @param {string} [action] @param {string} [uuid] */
export const pathTo = (action = "", uuid = "@me") => `/api/users/${uuid}${action && `/${action}`}`;

/** The callers of one service, and the service's clock, which the tests turn. Needs the instruments. */
export class Accounts {
  #service;
  #now = 0;

  /** @param {Service} service */
  constructor(service) {
    this.#service = service;
  }

  /** The service's time in milliseconds. */
  get now() {
    return this.#now;
  }

  /** Stops the service's clock at the beginning of a time step. */
  async freeze(at = Date.now()) {
    this.#now = Math.floor(at / STEP) * STEP;
    await this.#service.instruments({ frozenAt: this.#now, aheadMs: 0 });
  }

  /** @param {number} byMs */
  async advance(byMs) {
    this.#now += byMs;
    await this.#service.instruments({ frozenAt: this.#now });
  }

  /**
   * A token of a person who has just signed in; it stays good for a month.
   * @param {Record<string, any>} claims
   * @returns {Headers}
   */
  bearer(claims) {
    const now = Math.floor(this.#now / SECOND);
    return {
      authorization: `Bearer ${this.#service.mint({ claims: { iat: now, auth_time: now, exp: now + (30 * DAY) / SECOND, ...claims } })}`,
    };
  }

  /** @param {Person} user @param {Record<string, any>} [claims] */
  person(user, claims) {
    return this.bearer({ sub: user.id, ...claims });
  }

  /** A user whose last sign-in is so long ago, with a token of now. @param {Person} user @param {number} agoMs */
  signedInAgo(user, agoMs, claims = {}) {
    return this.person(user, { auth_time: Math.floor((this.#now - agoMs) / SECOND), ...claims });
  }

  /** Support, with a row among the users or without. @param {Person} [user] @param {Record<string, any>} [claims] */
  staff(user, claims) {
    return this.bearer({ sub: user?.id ?? "auth0|support", is_staff: true, ...claims });
  }

  /** A new personal API key. @param {string[]} scopes @param {Person} [user] whose it is @returns {Promise<Headers & {id: string}>} */
  async apiKey(scopes, user) {
    const answer = await this.#service.admin("POST", "/admin/api-keys", { json: { scopes, userId: user?.id ?? null } });
    assert.equal(answer.status, 201, answer.text);
    this.#service.keepsConfidential(answer.json.key);
    return { authorization: `Bearer ${answer.json.key}`, id: answer.json.id };
  }

  /**
   * @param {string} method
   * @param {Person | Headers} caller a user for a token of theirs
   * @param {string} path
   * @param {unknown} [json]
   */
  call(method, caller, path, json) {
    const { authorization } = "authorization" in caller ? caller : this.person(caller);
    return this.#service.call(method, path, { headers: { authorization }, ...(json !== undefined && { json }) });
  }

  /** @param {Person | Headers} caller @param {string} action @param {string} [uuid] */
  get(caller, action, uuid) {
    return this.call("GET", caller, pathTo(action, uuid));
  }

  /** @param {Person | Headers} caller @param {string} action @param {unknown} [json] @param {string} [uuid] */
  post(caller, action, json, uuid) {
    return this.call("POST", caller, pathTo(action, uuid), json);
  }

  /** @param {Person | Headers} caller @param {unknown} json @param {string} [uuid] */
  patch(caller, json, uuid) {
    return this.call("PATCH", caller, pathTo("", uuid), json);
  }

  /** The full user. @param {Person | Headers} caller @param {string} [uuid] */
  async user(caller, uuid) {
    return assertUser(await this.get(caller, "", uuid));
  }

  /** @param {Person | Headers} caller @param {string} token */
  verify(caller, token, uuid = "@me") {
    return this.post(caller, "two_factor_verify", { token }, uuid);
  }

  /** @param {Person | Headers} caller @param {string} [uuid] */
  async status(caller, uuid) {
    return assertFine(await this.get(caller, "two_factor_status", uuid));
  }

  /** Begins to enrol. @param {Person | Headers} caller @returns {Promise<any>} the answer's body */
  async start(caller) {
    const begun = assertFine(await this.get(caller, "two_factor_start_setup"));
    this.#service.keepsConfidential(begun.secret, begun.qr_svg, begun.otpauth_url);
    return begun;
  }

  /** New backup codes. @param {Person | Headers} caller @returns {Promise<string[]>} */
  async backupCodes(caller) {
    const { backup_codes: codes } = assertFine(await this.post(caller, "two_factor_backup_codes"));
    this.#service.keepsConfidential(...codes, ...codes.map(plain));
    return codes;
  }

  /** Turns the second factor on. The clock then shows a step of which no code was used. @param {Person} user @returns {Promise<Factor>} */
  async enrol(user) {
    const { secret } = await this.start(user);
    assertFine(await this.post(user, "two_factor_validate", { token: totp(secret, this.now) }), { success: true });
    const codes = await this.backupCodes(user);
    await this.advance(STEP);
    return { secret, codes };
  }

  /** The code of the next time step, which is not used yet. @param {string} secret */
  async nextCode(secret) {
    await this.advance(STEP);
    return totp(secret, this.now);
  }

  /** Gives a user a team. @param {Person} user @param {number} teamId */
  async joins(user, teamId) {
    const answer = await this.#service.admin("PUT", `/admin/users/${encodeURIComponent(user.id)}/team`, { json: { teamId } });
    assert.deepEqual([answer.status, answer.json], [200, { userId: user.id, teamId }]);
  }

  /** A new dashboard. @param {number} teamId @returns {Promise<number>} its id */
  async dashboard(teamId, name = "Front door") {
    const answer = await this.#service.admin("POST", "/admin/dashboards", { json: { teamId, name } });
    assert.equal(answer.status, 201, answer.text);
    return answer.json.id;
  }
}

/** A backup code as it may be typed. @param {string} code */
export const plain = (code) => code.replaceAll("-", "");

/** @param {Answer} answer @param {unknown} [body] @returns {any} the body */
export function assertFine(answer, body) {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers["content-type"], "application/json");
  assert.equal(answer.headers["cache-control"], "no-store");
  if (body !== undefined) assert.deepEqual(answer.json, body);
  return answer.json;
}

/** @param {Answer} answer @returns {any} the full user */
export function assertUser(answer) {
  const user = assertFine(answer);
  assert.deepEqual(Object.keys(user).sort(), [...USER_FIELDS].sort());
  return user;
}

/** @param {Answer} answer */
export function assertNothing({ status, text, headers }) {
  assert.deepEqual([status, text], [204, ""]);
  assert.equal(headers["cache-control"], "no-store");
}

/**
 * The one shape of a refusal.
 * @param {Answer} answer
 * @param {number} status
 * @param {string} type
 * @param {string | string[]} code or those that will do
 * @param {{detail?: string | RegExp, attr?: string | null, retryAfter?: number, what?: string}} [more]
 */
export function assertProblem(answer, status, type, code, { detail, attr = null, retryAfter, what = "" } = {}) {
  const told = `${what} ${answer.text}`;
  assert.equal(answer.status, status, told);
  assert.equal(answer.headers["content-type"], "application/json");
  assert.equal(answer.headers["cache-control"], "no-store");
  assert.deepEqual(Object.keys(answer.json).sort(), ["attr", "code", "detail", "type"], told);
  assert.deepEqual([answer.json.type, answer.json.attr], [type, attr], told);
  assert.ok([code].flat().includes(answer.json.code), `${told}, and not ${code}`);
  assert.equal(typeof answer.json.detail, "string");
  if (typeof detail === "string") assert.equal(answer.json.detail, detail, told);
  if (detail instanceof RegExp) assert.match(answer.json.detail, detail, told);
  assert.equal(answer.headers["retry-after"], retryAfter === undefined ? undefined : String(retryAfter), told);
}

/** @param {Answer} answer @param {string | string[]} code @param {string | null} attr @param {string | RegExp} [detail] @param {string} [what] */
export const assertInvalid = (answer, code, attr, detail, what) =>
  assertProblem(answer, 400, "validation_error", code, { attr, detail, what });

/** @param {Answer} answer @param {string} [what] */
export const assertWrongToken = (answer, what) => assertInvalid(answer, "token_invalid", null, "Token is not valid", what);

/** @param {Answer} answer @param {string} [detail] @param {string} [what] */
export const assertDenied = (answer, detail = NOT_PERMITTED, what = "") =>
  assertProblem(answer, 403, "authentication_error", "permission_denied", { detail, what });

/** @param {Answer} answer @param {string} [what] */
export const assertNotRecent = (answer, what) =>
  assertProblem(answer, 403, "authentication_error", "sensitive_action_required_reauth", {
    detail: "This action requires you to be recently authenticated.",
    what,
  });

/** @param {Answer} answer @param {number} seconds */
export const assertLocked = (answer, seconds) =>
  assertProblem(answer, 429, "throttled_error", "throttled", {
    detail: `Request was throttled. Expected available in ${seconds} seconds.`,
    retryAfter: seconds,
  });
