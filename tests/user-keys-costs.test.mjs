/** What the user-key API costs of D1, and what it answers when D1 fails. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  addInstance,
  addInstanceUsers,
  assertDetail,
  DENIED,
  EVERY_ROUTE,
  keyHeaders,
  NO_KEY,
  newUserKey,
} from "./support/instances.mjs";
import { keyResets } from "./support/key-resets.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Answer } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });
const { reset, valid } = keyResets(service);

describe("what it costs of D1", () => {
  /** @param {Answer} given */
  const cost = ({ headers }) => ["round-trips", "rows-read", "rows-written"].map((what) => Number(headers[`x-d1-${what}`]));

  test("one round trip to read or to refuse, two to reset, however many users and keys there are", async () => {
    const instance = await addInstance(service);
    await addInstanceUsers(
      service,
      instance.name,
      Array.from({ length: 3000 }, (_, index) => `resident ${index}`),
    );
    await addInstance(service);
    const { name, account, program, ada, bob } = instance;
    const callers = {
      "no key": {},
      "an unknown key": { "x-api-key": newUserKey() },
      "an account": keyHeaders(account.full),
      "a program": keyHeaders(program.plain),
      "a program that ignores ACLs": keyHeaders(program.ignoreAcl),
      "a user": keyHeaders(program.plain, bob),
      "an unknown user": keyHeaders(program.plain, { key: newUserKey() }),
    };
    for (const [who, headers] of Object.entries(callers)) {
      for (const { method, path } of EVERY_ROUTE) {
        for (const one of [method, "DELETE"]) {
          const answer = await service.call(one, path(name, ada.id), { headers });
          const [roundTrips, rowsRead, rowsWritten] = cost(answer);
          const isReset = one === "POST" && answer.status === 200;
          const what = `${who}: ${one} ${path("", "")} ${answer.status}`;
          assert.equal(roundTrips, isReset ? 2 : 1, what);
          assert.ok(rowsRead >= 1 && rowsRead <= (isReset ? 12 : 5), `${what}: ${rowsRead} rows read`);
          if (isReset) assert.ok(rowsWritten >= 2 && rowsWritten <= 6, `${what}: ${rowsWritten} rows written`);
          else assert.equal(rowsWritten, 0, what);
        }
      }
    }
  });

  test("an instance that is not there costs one round trip, a key of no form too", async () => {
    const { name, account } = await addInstance(service);
    /** @param {string} instance */
    const path = (instance) => `/v1/instances/${instance}/user/`;
    assert.deepEqual(
      cost(await service.call("GET", path("nowhere"), { headers: keyHeaders(account.full) })).filter((_, index) => index !== 1),
      [1, 0],
    );
    const answer = await service.call("GET", path(name), { headers: { "x-api-key": "x" } });
    assertDetail(answer, 403, NO_KEY);
    assert.deepEqual(
      cost(answer).filter((_, index) => index !== 1),
      [1, 0],
    );
    assertDetail(await service.call("GET", path(name)), 403, DENIED);
  });

  test("a D1 that fails is 500, without a word of why", async () => {
    const instance = await addInstance(service);
    for (const spared of [0, 1]) {
      await service.instruments({ sparedRoundTrips: spared });
      const answer = await reset(instance, instance.ada, keyHeaders(instance.account.full));
      await service.instruments({ sparedRoundTrips: null });
      assert.equal(answer.status, 500);
      assert.deepEqual(Object.keys(answer.json), ["detail"]);
      assert.doesNotMatch(answer.text, /D1|secret/i);
    }
    assert.deepEqual(await valid(instance, [instance.ada.key]), [instance.ada.key], "nothing was changed");
  });
});
