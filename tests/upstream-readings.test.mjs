/** 3dEye's user endpoints are guesses: each other reading of them that we tolerate works from end to end. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ vars: { THREEDEYE_TIMEOUT_MS: "400", THREEDEYE_PAGE_SIZE: "4" } });

async function run() {
  const answer = await service.backfill();
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}
/** @param {number} count */
const many = (count) => service.addUsers(Array.from({ length: count }, () => ({})));
/** @param {object} patch */
const configure = (patch) => service.sim.configure(patch);

describe("another reading of the vendor's API", () => {
  const readings = {
    "PascalCase names": { fieldStyle: "pascal" },
    "numeric ids": { idStyle: "numeric" },
    "roles as a list of ids": { rolesAs: "roleIds" },
    "PascalCase, numeric ids and lists of ids at once": { fieldStyle: "pascal", idStyle: "numeric", rolesAs: "roleIds" },
    "no total": { includeTotal: false },
    "a smaller page than was asked for": { maxPageSize: 3 },
    "the created user under data": { createEnvelope: "data" },
    "200 for a create": { createStatus: 200 },
    "no id in the answer to a create": { createWithoutId: true },
    "200 for a delete and an attach": { deleteStatus: 200, attachStatus: 200 },
    "201 for an attach": { attachStatus: 201 },
    "400 for a wrong password": { wrongPasswordStatus: 400 },
    "403 for a wrong password": { wrongPasswordStatus: 403 },
    "no expiresIn": { includeExpiresIn: false },
    "tokens of one second": { tokenTtlSeconds: 1 },
    "calls without a bearer token": { requireBearer: false },
  };
  for (const [what, config] of Object.entries(readings)) {
    test(`${what}: accounts are made, found, replaced and deleted`, async () => {
      configure(config);
      service.sim.seed({ generate: { count: 9, customerId: service.customer } });
      const [fresh, replaced, adopted] = await many(3);
      // Takes a re-read, for which the Worker waits: only where it makes a difference.
      const losesAnswer = /id|password/.test(what);
      service.sim.seed([{ email: String(replaced.email).toUpperCase(), customerId: service.customer, roles: ["r1", "r2"] }]);
      if (losesAnswer) service.sim.fault({ match: { email: adopted.email }, action: { status: 500, after: true } });
      for (let count = 0; count < 3 && (await run()).remaining > 0; count += 1);
      await service.assertProvisioned(fresh);
      await service.assertProvisioned(replaced, { roles: ["r1", "r2"] });
      await service.assertProvisioned(adopted);
      const { mapping, remote } = (await service.diagnose(replaced)).json;
      assert.deepEqual([mapping.remoteAccountExists, remote.customerUserCount, remote.match.roleCount], [true, 12, 2]);
      const { threeDeyeUserId } = (await service.credentials(fresh)).json;
      assert.equal((await service.reset(fresh, { deleteRemote: true })).json.remote.deletedThreedeyeUserId, threeDeyeUserId);
      assert.equal(service.accountsOf(fresh.email).length, 0);
    });
  }

  for (const duplicate of [
    { status: 409, body: "taken" },
    { status: 400, body: { Message: "User already exists" } },
    { status: 422, body: "<html>E-mail ALREADY in use</html>" },
  ]) {
    test(`a taken e-mail as ${duplicate.status} ${JSON.stringify(duplicate.body)} is an orphan, not a failure to repeat`, async () => {
      const user = await service.addUser();
      configure({ duplicate });
      service.sim.seed([{ email: user.email, customerId: "another" }]);
      assert.deepEqual([(await run()).quarantined, (await service.diagnose(user)).json.mapping.state], [1, "quarantined"]);
      assert.equal(service.accountsOf(user.email)[0].customerId, "another");
    });
  }
});

describe("our calls", () => {
  test("carry the API key, and our customer, and choose the password", async () => {
    const user = await service.addUser({ email: " Jane.Doe@Example.com" });
    await service.credentials(user);
    assert.ok(service.upstream().all.every(({ authenticated, status }) => authenticated || status === 401));
    const [account] = service.accountsOf("jane.doe@example.com");
    assert.deepEqual([account.customerId, account.roles], [service.customer, []]);
    assert.ok(account.firstName !== "" && account.lastName !== "");
  });
});
