/** The users whom the checks are about, each in the state that their tale needs. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

/**
 * @typedef {import("../../support/service.mjs").Service} Service
 * @typedef {{id: string, email: string}} Person
 */

export const CAMERAS = [
  { id: "role-101", name: "Front door" },
  { id: "role-102", name: "Garage" },
];

export const MINUTE = 60_000;

/** Has a 3dEye account that was made by hand: nobody knows its password, and its cameras must stay. @param {Service} service */
export async function addSteven(service) {
  const steven = await service.addUser({ email: "stuck.steven@example.com", phone: "+4930555001" });
  const [account] = service.sim.seed([{ email: steven.email, customerId: service.customer, roles: CAMERAS }]);
  return { ...steven, account: String(account.id) };
}

/** Is quarantined: the e-mail belongs to an account that we cannot see. @param {Service} service */
export async function addOlga(service) {
  const olga = await service.addUser({ email: "orphan.olga@example.com" });
  service.sim.seed([{ email: olga.email, customerId: "another-customer", roles: [] }]);
  assert.equal((await service.backfill()).status, 200);
  assert.equal(await stateOf(service, olga), "quarantined");
  return olga;
}

/** Has an account of ours. @param {Service} service @param {Parameters<Service["addUser"]>[0]} [person] */
export async function addComplete(service, person = {}) {
  const user = await service.addUser({ email: "ada.lovelace@example.com", ...person });
  const answer = await service.credentials(user);
  assert.equal(answer.status, 200, answer.text);
  return { ...user, account: String(answer.json.threeDeyeUserId) };
}

/** Has a second factor and lost it. @param {Service} service */
export async function addGrace(service, email = "grace.hopper@example.com") {
  const grace = await service.addUser({ email });
  await service.sql(
    "INSERT INTO second_factors (user_id, secret_sealed, enabled_at) VALUES (?, 'sealed', ?)",
    grace.id,
    Date.now(),
  );
  return grace;
}

/** Has failed before, and waits for the next attempt. @param {Service} service */
export async function addFailing(service, email = "failing.fred@example.com") {
  const fred = await service.addUser({ email });
  const { id } = service.sim.fault({ match: { method: "POST", path: "/v3/users" }, times: "always", action: { status: 503 } });
  assert.ok(id);
  await service.backfill();
  service.sim.clearFaults();
  return fred;
}

/** Many who wait in the queue. @param {Service} service @param {number} count */
export async function addWaiting(service, count) {
  return /** @type {Promise<Person[]>} */ (
    service.addUsers(
      Array.from({ length: count }, (_, index) => ({
        id: randomUUID(),
        email: `resident-${String(index).padStart(4, "0")}@residents.example`,
      })),
    )
  );
}

/** Attaches a camera at 3dEye, past us. @param {Service} service @param {string} account @param {{id: string, name: string}} camera */
export async function attach(service, account, camera) {
  service.sim.configure({ roles: [...CAMERAS, camera] });
  const headers = { "x-api-key": service.sim.config().apiKey, "content-type": "application/json" };
  const body = JSON.stringify({ username: service.login.username, password: service.login.password });
  const token = await fetch(`${service.vendor}/auth/token`, { method: "POST", headers, body });
  const { accessToken } = /** @type {any} */ (await token.json());
  const attached = await fetch(`${service.vendor}/roles/${camera.id}/users/${account}`, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${accessToken}` },
  });
  assert.ok(attached.ok, await attached.text());
}

/** @param {Service} service @param {{id: string}} user */
export async function stateOf(service, user) {
  return (await service.sql("SELECT state FROM threedeye_users WHERE user_id = ?", user.id))[0]?.state;
}

/** What the trail says of a subject: action, actor and the reason that was given, oldest first. @param {Service} service @param {string} [subject] */
export async function trail(service, subject) {
  const rows = await service.sql("SELECT actor, action, subject, outcome, reason FROM audit_log ORDER BY id");
  return rows.filter((row) => subject === undefined || row.subject?.includes(subject));
}
