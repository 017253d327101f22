/** Resets of one user key at the same time, and what happens in the middle of one: a single key is left. */

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { addInstance, assertDetail, hashOf, keyHeaders, NO_KEY, NOT_FOUND, newUserKey } from "./support/instances.mjs";
import { keyResets, RESETTERS } from "./support/key-resets.mjs";
import { serviceForThisFile } from "./support/service.mjs";
import { until } from "./support/until.mjs";

/** @import { Answer } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });
afterEach(() => service.instruments({ held: false, heldAfter: 0 }));
const { reset, valid } = keyResets(service);

describe("resets at the same time", () => {
  for (const count of [2, 50]) {
    test(`${count} by one account key leave one valid key: that of the last commit`, async () => {
      const instance = await addInstance(service);
      const answers = await Promise.all(
        Array.from({ length: count }, () => reset(instance, instance.ada, keyHeaders(instance.account.full))),
      );
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
      const keys = answers.map(({ json }) => json.user_key);
      assert.equal(new Set(keys).size, count);
      const trail = await service.audit();
      assert.equal(trail.length, count, "a row for each");
      const last = answers.find(({ headers }) => headers["x-request-id"] === trail.at(-1)?.request_id);
      assert.deepEqual(await valid(instance, [instance.ada.key, ...keys]), [last?.json.user_key]);
    });

    test(`${count} by the user's own key: once it is replaced it replaces nothing more`, async () => {
      const instance = await addInstance(service);
      const answers = await Promise.all(
        Array.from({ length: count }, () => reset(instance, instance.ada, keyHeaders(instance.program.plain, instance.ada))),
      );
      const winners = answers.filter(({ status }) => status === 200);
      for (const loser of answers.filter((answer) => !winners.includes(answer))) assertDetail(loser, 403, NO_KEY);
      assert.equal(winners.length, 1);
      const keys = winners.map(({ json }) => json.user_key);
      assert.deepEqual(await valid(instance, [instance.ada.key, ...keys]), keys);
      assert.equal((await service.audit()).length, 1);
    });
  }

  /**
   * Lets something happen between what a reset has read and what it writes.
   * @param {() => Promise<Answer>} start
   * @param {() => unknown} happens
   */
  async function between(start, happens) {
    await service.instruments({ held: true, heldAfter: 1 });
    const pending = start();
    await until(async () => (await service.instruments({})).waiting === 1, "the reset's second round trip");
    await happens();
    await service.instruments({ held: false, heldAfter: 0 });
    return pending;
  }

  const MEANWHILE =
    /** @type {[string, (instance: any) => Record<string, string>, (instance: any) => Promise<unknown>, number, string][]} */ ([
      [
        "the account key is revoked",
        RESETTERS["an account key"],
        ({ account }) => service.sql("UPDATE instance_keys SET revoked_at = 1 WHERE id = ?", account.full.id),
        403,
        NO_KEY,
      ],
      [
        "the program's key is revoked",
        RESETTERS["the user's own key"],
        ({ program }) => service.sql("UPDATE instance_keys SET revoked_at = 1 WHERE id = ?", program.plain.id),
        403,
        NO_KEY,
      ],
      [
        "the user's key is replaced",
        RESETTERS["the user's own key"],
        ({ ada }) => service.sql("UPDATE instance_users SET key_hash = ? WHERE id = ?", hashOf(newUserKey()), ada.id),
        403,
        NO_KEY,
      ],
      [
        "the user is deleted",
        RESETTERS["an account key"],
        ({ ada }) => service.sql("DELETE FROM instance_users WHERE id = ?", ada.id),
        404,
        NOT_FOUND,
      ],
      [
        "the user is deleted whose key it is",
        RESETTERS["the user's own key"],
        ({ ada }) => service.sql("DELETE FROM instance_users WHERE id = ?", ada.id),
        403,
        NO_KEY,
      ],
    ]);

  for (const [what, headersOf, happens, status, detail] of MEANWHILE) {
    test(`${what} in the middle of it: ${status}, and no key is changed`, async () => {
      const instance = await addInstance(service);
      const hashes = () => service.sql("SELECT id, key_hash FROM instance_users ORDER BY id");
      let after;
      const answer = await between(
        () => reset(instance, instance.ada, headersOf(instance)),
        async () => {
          await happens(instance);
          after = await hashes();
        },
      );
      assertDetail(answer, status, detail);
      assert.deepEqual(await hashes(), after);
      assert.deepEqual(await service.audit(), []);
    });
  }

  test("another's reset in the middle of it takes nothing away from an account key", async () => {
    const instance = await addInstance(service);
    const other = newUserKey();
    const answer = await between(
      () => reset(instance, instance.ada, keyHeaders(instance.account.full)),
      () => service.sql("UPDATE instance_users SET key_hash = ? WHERE id = ?", hashOf(other), instance.ada.id),
    );
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(await valid(instance, [instance.ada.key, other, answer.json.user_key]), [answer.json.user_key]);
  });
});
