/** What a run reports of users that another actor took from it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { serviceForThisFile, until } from "./support/service.mjs";

const service = await serviceForThisFile();

test("a run does not call provisioned what it could not write down any more", async () => {
  const [lost, kept] = await service.addUsers([{}, {}]);
  // Long enough for the lease to be taken while the list is still being read.
  service.sim.configure({ latencyMs: 3000 });
  const running = service.backfill();
  await until(() => service.upstream().lists.length > 0, "the list is asked for, so the leases are taken");
  await service.sql("UPDATE threedeye_users SET lease_token = 'lease_other' WHERE user_id = ?", lost.id);
  const { json } = await running;
  assert.deepEqual([json.total, json.created, json.skipped, json.failed, json.remaining], [2, 1, 1, 0, 1]);
  assert.deepEqual(
    (await service.audit()).map(({ subject }) => subject),
    [kept.id],
    "nothing is told of what was not written",
  );
  const [row] = await service.sql("SELECT state, lease_token FROM threedeye_users WHERE user_id = ?", lost.id);
  assert.deepEqual(row, { state: "pending", lease_token: "lease_other" });
  assert.deepEqual(await service.sql("SELECT * FROM provisioning_unsettled"), []);
});
