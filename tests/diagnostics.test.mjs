/** GET /admin/threedeye/users/{userId}, where D1 takes its time or fails. What it tells is shown natively. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertError } from "./support/errors.mjs";
import { serviceForThisFile } from "./support/service.mjs";
import { until } from "./support/until.mjs";

const service = await serviceForThisFile({ instrumented: true });

test("the probe is under way before the rows have come", async () => {
  const user = await service.addUser();
  assert.equal((await service.credentials(user)).status, 200);
  service.sim.clearCalls();
  await service.instruments({ held: true });
  try {
    const answer = service.diagnose(user);
    await until(() => service.upstream().lists.length > 0, "the list is asked for while D1 has not answered");
    await service.instruments({ held: false });
    assert.equal((await answer).json.mapping.remoteAccountExists, true);
  } finally {
    await service.instruments({ held: false });
  }
});

test("a database that fails is a 500 that says nothing more", async () => {
  await service.instruments({ sparedRoundTrips: 0 });
  try {
    const answer = await service.diagnose("nobody");
    assertError(answer, 500);
    const { "error.cause": cause, level } = await service.lineOf(answer);
    assert.equal(cause, "D1: Failed to parse body as JSON", "D1's reason, without the answer that it quotes");
    assert.equal(level, "error");
  } finally {
    await service.instruments({ sparedRoundTrips: null });
  }
});
