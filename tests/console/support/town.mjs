/** A service with something on every page: what the looks of the console are judged by. */

import assert from "node:assert/strict";

import { recentPair } from "../../support/operators.mjs";
import { addComplete, addFailing, addGrace, addOlga, addSteven, addWaiting } from "./people.mjs";

/** @param {import("./people.mjs").Service} service */
export async function fill(service) {
  const ada = await addComplete(service, { phone: "+4930555099", subject: "auth0|demo-ada" });
  const olga = await addOlga(service);
  await addFailing(service);
  const grace = await addGrace(service);
  const headers = recentPair(service);
  /** @param {string} path @param {object} json */
  const make = async (path, json) => {
    const answer = await service.call("POST", path, { headers, json });
    assert.ok(answer.status < 300, `${path}: ${answer.text}`);
    return answer.json;
  };
  await make("/admin/api-keys", {
    scopes: ["threedeye:read"],
    userId: ada.id,
    label: "the building's own system, which has a long name",
  });
  await make("/admin/instances", { name: "rivia" });
  await make("/admin/instances/rivia/api-keys", { label: "gateway", ignoreAcl: true });
  await make("/admin/instances/rivia/users", { username: "geralt" });
  await make("/admin/account-keys", { instance: "rivia", role: "read", label: "reports" });
  await make("/admin/dashboards", { teamId: 7, name: "Front door" });
  await addSteven(service);
  await addWaiting(service, 12);
  const order = { action: "provision", users: [ada.id, olga.id, "zoe@example.com"] };
  const { plan } = await make("/admin/threedeye/bulk", order);
  const list = await make("/admin/threedeye/bulk", { ...order, plan });
  const now = Date.now();
  await service.sql(
    `INSERT INTO notices (id, type, user_id, recipient, created_at, attempts, due_at)
     VALUES ('ntc_1', 'two_factor_enabled', ?1, 'grace.hopper@example.com', ?2, 4, ?3),
            ('ntc_2', 'backup_code_used', ?1, 'grace.hopper@example.com', ?2, 0, ?3)`,
    grace.id,
    now - 3_600_000,
    now + 600_000,
  );
  const run = (await service.runs()).find((/** @type {any} */ { action }) => action === "backfill");
  return { ada, olga, grace, run: run.runId, list: list.runId };
}
