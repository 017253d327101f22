/** A user with many changes, or notices that the receiver refuses, do not make the notices of others wait. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertFine, MINUTE, SECOND, STEP, totp } from "./support/accounts.mjs";
import { receiverForThisFile } from "./support/notices.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Person } from "./support/accounts.mjs" */

const receiver = await receiverForThisFile();
const service = await serviceForThisFile({ instrumented: true, ...receiver.settings });
const api = new Accounts(service);
beforeEach(() => api.freeze());

/** Notices that are kept of one user at most. */
const KEPT = 20;
/** Notices that one tick delivers at most. */
const A_TICK = 50;

const waiting = (/** @type {any} */ user) =>
  service.sql("SELECT id, type, created_at AS at FROM notices WHERE user_id = ? ORDER BY id", user.id);

/** Turns the second factor on and off again, a second later: two notices. @param {Person} user */
async function toggle(user) {
  const { secret } = await api.start(user);
  assertFine(await api.post(user, "two_factor_validate", { token: totp(secret, api.now) }));
  await api.advance(SECOND);
  assertFine(await api.post(api.person(user, { amr: ["mfa"] }), "two_factor_disable"));
  await api.advance(STEP - SECOND);
}

/** A notice each of as many users, in the order of their ids. @param {number} count @returns {Promise<string[]>} the users' ids */
async function changes(count) {
  const users = await service.addUsers(Array.from({ length: count }, () => ({})));
  await service.sql(
    `INSERT INTO notices (id, type, user_id, recipient, created_at, due_at)
     SELECT printf('ntc_%026d', person.key), 'two_factor_enabled', person.value, 'x@residents.example', ?2, ?2 FROM json_each(?1) person`,
    JSON.stringify(users.map(({ id }) => id)),
    api.now,
  );
  return users.map(({ id }) => id);
}

/** The number of waiting notices, by how often they were tried. */
const attempts = async () =>
  Object.fromEntries(
    (await service.sql("SELECT attempts, count(*) AS n FROM notices GROUP BY attempts")).map((row) => [row.attempts, row.n]),
  );

describe("one user's notices", () => {
  test(`are kept up to the newest ${KEPT}, and those of others are not touched`, async () => {
    const [user, bystander] = [await service.addUser(), await service.addUser()];
    await toggle(bystander);
    const first = api.now;
    for (let count = 0; count < KEPT / 2; count += 1) await toggle(user);
    const full = await waiting(user);
    assert.deepEqual([full.length, full[0].at], [KEPT, first]);

    await toggle(user);
    const later = await waiting(user);
    assert.deepEqual(later.slice(0, -2), full.slice(2), "the oldest two made room");
    assert.deepEqual(
      later.slice(-2).map(({ type }) => type),
      ["two_factor_enabled", "two_factor_disabled"],
    );
    assert.equal((await waiting(bystander)).length, 2);
  });

  test("do not hold up those of others, however many there are", async () => {
    const [user, bystander] = [await service.addUser(), await service.addUser()];
    const many = JSON.stringify(Array.from({ length: 3 * A_TICK }, (_, index) => index));
    await service.sql(
      `INSERT INTO notices (id, type, user_id, created_at, due_at)
       SELECT printf('ntc_%026d', value), 'backup_code_used', ?2, ?3 + value, ?3 FROM json_each(?1)`,
      many,
      user.id,
      api.now - MINUTE,
    );
    await toggle(bystander);
    await service.scheduled();
    const told = receiver.notices();
    assert.equal(told.filter(({ userId }) => userId === bystander.id).length, 2);
    const times = told
      .filter(({ userId }) => userId === user.id)
      .map(({ createdAt }) => Date.parse(createdAt) - (api.now - STEP - MINUTE));
    assert.deepEqual(
      times.sort((one, other) => one - other),
      Array.from({ length: KEPT }, (_, index) => 3 * A_TICK - KEPT + index),
    );
  });
});

describe("a receiver that refuses", () => {
  for (const status of [400, 404, 422]) {
    test(`some notices by ${status} gets all the others in the same tick`, async () => {
      const users = await changes(A_TICK);
      const refused = new Set(users.slice(0, 12));
      receiver.answers(({ userId }) => (refused.has(userId) ? status : 200));
      await service.scheduled();
      assert.equal(receiver.deliveries.length, A_TICK);
      assert.deepEqual(await attempts(), { 1: refused.size });
      assert.deepEqual(new Set((await service.sql("SELECT user_id AS id FROM notices")).map(({ id }) => id)), refused);
    });
  }

  test("all notices by 422 gets each of them once", async () => {
    await changes(A_TICK);
    receiver.answers(422);
    await service.scheduled();
    assert.equal(receiver.deliveries.length, A_TICK);
    assert.deepEqual(await attempts(), { 1: A_TICK });
    receiver.clear();
    await service.scheduled();
    assert.deepEqual(receiver.deliveries, [], "each waits for its time");
  });
});

describe("a receiver that is down", () => {
  for (const status of [500, 503]) {
    test(`with ${status} is left alone in that tick, and notices not tried do not count as tried`, async () => {
      await changes(A_TICK);
      receiver.answers(status);
      await service.scheduled();
      const tried = receiver.deliveries.length;
      assert.ok(tried > 0 && tried < A_TICK / 2, `${tried} were tried`);
      assert.deepEqual(await attempts(), { 0: A_TICK - tried, 1: tried });
      receiver.clear();
      await service.scheduled();
      assert.equal(receiver.deliveries.length, A_TICK - tried, "those are due at once");
    });
  }

  test("for some notices only gets all the others", async () => {
    const users = await changes(A_TICK);
    receiver.answers(({ userId }) => (users.indexOf(userId) % 5 === 0 ? 503 : 200));
    await service.scheduled();
    assert.equal(receiver.deliveries.length, A_TICK);
    assert.deepEqual(await attempts(), { 1: A_TICK / 5 });
  });
});
