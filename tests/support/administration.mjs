/** What administrators do with instances: one round trip to D1 each, and no answer that is stored. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";

export const INSTANCES = "/admin/instances";
export const ACCOUNT_KEYS = "/admin/account-keys";
/** @param {string} name */
export const keysOf = (name) => `${INSTANCES}/${name}/api-keys`;
/** @param {string} name */
export const usersOf = (name) => `${INSTANCES}/${name}/users`;
/** @param {string} key */
export const hashOf = (key) => createHash("sha256").update(key).digest("hex");
/** @param {{id: string}[]} rows */
export const idsOf = (rows) => rows.map(({ id }) => id);

/** @param {import("./service.mjs").Service} service */
export function administration(service) {
  /** @param {string} path @param {unknown} [body] */
  const post = (path, body) => service.admin("POST", path, body === undefined ? {} : { json: body });
  /** @param {string} path */
  const get = (path) => service.admin("GET", path);
  /** @param {string} path */
  const remove = (path) => service.admin("DELETE", path);

  /** @param {string} path @param {unknown} [body] */
  async function made(path, body) {
    const answer = await post(path, body);
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal(answer.headers["x-d1-round-trips"], "1");
    assert.ok(Math.abs(Date.parse(answer.json.createdAt) - Date.now()) < 60_000);
    return answer.json;
  }
  /** @param {string} path */
  async function listed(path) {
    const answer = await get(path);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal(answer.headers["x-d1-round-trips"], "1");
    return answer.json;
  }
  /** @param {string} path */
  async function gone(path) {
    const answer = await remove(path);
    assert.deepEqual([answer.status, answer.text], [204, ""]);
    assert.equal(answer.headers["x-d1-round-trips"], "1");
    return answer;
  }
  const rivia = () => made(INSTANCES, { name: "rivia" });
  /** What the trail says was done, and to what. */
  const trail = async () => (await service.audit()).map(({ action, subject, outcome }) => [action, subject, outcome]);
  return { post, get, remove, made, listed, gone, rivia, trail };
}
