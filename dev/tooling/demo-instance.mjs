// The demo instance of the user-key API: one user, and the keys that are shown
// only once and therefore kept in .dev/.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { manage } from "./admin.mjs";
import { DEV } from "./paths.mjs";
import { Failure } from "./say.mjs";

/** What is known of it, as long as its database lives. */
export const DEMO_INSTANCE_FILE = join(DEV, "demo-instance.json");

/** The JavaScript client wants five characters at least. */
const NAME = "demo-building";
const USERNAME = "Barnaby";
const LABEL = "npm start";

/**
 * @typedef {object} DemoInstance
 * @property {string} name
 * @property {string} apiKey an instance API key with ignore_acl
 * @property {string} accountKey an account key that may do everything
 * @property {number} user the id of its user
 */

/** @typedef {import("./admin.mjs").Access} Access */

/** @returns {DemoInstance | undefined} as the last start left it */
export function readDemoInstance() {
  return existsSync(DEMO_INSTANCE_FILE) ? JSON.parse(readFileSync(DEMO_INSTANCE_FILE, "utf8")) : undefined;
}

/**
 * The instance of earlier starts, or a new one where its keys open nothing (any more).
 * @param {Access} access
 * @param {string} person `users.uuid` of the demo user whom the instance's user is tied to
 * @returns {Promise<DemoInstance>}
 * @throws {Failure} when the Worker refuses to make it
 */
export async function ensureDemoInstance(access, person) {
  const kept = readDemoInstance();
  if (kept && (await opens(access, kept, kept.apiKey)) && (await opens(access, kept, kept.accountKey))) return kept;
  const made = await make(access, person);
  writeFileSync(DEMO_INSTANCE_FILE, JSON.stringify(made, null, 2), { mode: 0o600 });
  return made;
}

/** @param {Access} access @param {DemoInstance} instance @param {string} key */
async function opens({ worker }, { name, user }, key) {
  const response = await fetch(`${worker}/v1.1/instances/${name}/users/${user}/`, {
    headers: { "x-api-key": key },
    signal: AbortSignal.timeout(10_000),
  });
  await response.arrayBuffer();
  return response.status === 200;
}

/** @param {Access} access @param {string} person @returns {Promise<DemoInstance>} */
async function make(access, person) {
  const instance = `/admin/instances/${NAME}`;
  const created = await manage(access, "POST", "/admin/instances", { name: NAME });
  demand(created, "the instance", 200, 201);
  const apiKey = await manage(access, "POST", `${instance}/api-keys`, { ignoreAcl: true, label: LABEL });
  demand(apiKey, "its API key", 201);
  const accountKey = await manage(access, "POST", "/admin/account-keys", { instance: NAME, role: "full", label: LABEL });
  demand(accountKey, "its account key", 201);
  return {
    name: NAME,
    apiKey: apiKey.body.apiKey,
    accountKey: accountKey.body.accountKey,
    user: await makeUser(access, `${instance}/users`, person),
  };
}

/** @param {Access} access @param {string} users @param {string} person @returns {Promise<number>} its id */
async function makeUser(access, users, person) {
  let created = await manage(access, "POST", users, { username: USERNAME, userId: person });
  // There are no demo users in a database of the developer's own.
  if (created.status === 400) created = await manage(access, "POST", users, { username: USERNAME });
  // From a start whose keys got lost. Its own key is not needed: it is about to be reset.
  if (created.status === 409) {
    const found = await manage(access, "GET", `${users}?username=${USERNAME}`);
    demand(found, "its user", 200);
    return found.body.users[0].id;
  }
  demand(created, "its user", 201);
  return created.body.id;
}

/** @param {{status: number, body: any}} answer @param {string} what @param {...number} expected */
function demand({ status, body }, what, ...expected) {
  if (!expected.includes(status)) throw new Failure(`The Worker refuses ${what}: ${status} ${body.message ?? ""}`);
}
