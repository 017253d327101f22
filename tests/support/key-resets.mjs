/** Resets of user keys: who may order one, and which keys open anything after it. */

import assert from "node:assert/strict";

import { keyHeaders } from "./instances.mjs";

/** @typedef {import("./instances.mjs").Instance} Instance */

/** The headers of everyone who may reset the key of `instance.ada`. */
export const RESETTERS = {
  "an account key": (/** @type {Instance} */ { account }) => keyHeaders(account.full),
  "an account key that may write": (/** @type {Instance} */ { account }) => keyHeaders(account.write),
  "a key that ignores ACLs": (/** @type {Instance} */ { program }) => keyHeaders(program.ignoreAcl),
  "the user's own key": (/** @type {Instance} */ { program, ada }) => keyHeaders(program.plain, ada),
  "an account key beside another user's key": (/** @type {Instance} */ { account, bob }) => keyHeaders(account.full, bob),
};

/** @param {import("./service.mjs").Service} service */
export function keyResets(service) {
  /** @param {Instance} instance @param {{id: number}} user @param {Record<string, string | string[] | undefined>} [headers] */
  const reset = (instance, user, headers, more = {}) =>
    service.call("POST", `/v1.1/instances/${instance.name}/users/${user.id}/reset_key/`, { headers: { ...headers, ...more } });

  /** What a user key opens. @param {Instance} instance @param {string} key */
  const own = (instance, key) =>
    service.call("GET", `/v1.1/instances/${instance.name}/user/`, { headers: keyHeaders(instance.program.plain, { key }) });

  /** Those of the keys that open anything. @param {Instance} instance @param {string[]} keys */
  async function valid(instance, keys) {
    const answers = await Promise.all(
      keys.map(async (/** @type {any} */ key) => ({ key, status: (await own(instance, key)).status })),
    );
    for (const { status } of answers) assert.ok([200, 403].includes(status), String(status));
    return answers.filter(({ status }) => status === 200).map(({ key }) => key);
  }

  return { reset, own, valid };
}
