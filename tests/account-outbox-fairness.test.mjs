/** A user with many changes, or notices that the receiver refuses, do not make the notices of others wait. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertFine, DAY, MINUTE, pathTo, SECOND, STEP, totp } from "./support/accounts.mjs";
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
  test("are merged by type and recipient, and twenty enrolments do not push out that of an e-mail change", async () => {
    const user = await service.addUser();
    assertFine(await api.patch(user, { email: "thief@residents.example" }));
    await receiver.came(2);
    const [{ data }] = receiver.notices("email_change_verification");
    service.keepsConfidential(String(data.token));
    receiver.answers(503);
    const json = { uuid: user.id, token: data.token };
    assertFine(await service.call("POST", pathTo("", "verify_email"), { json }));
    for (let count = 0; count < KEPT; count += 1) await toggle(user);
    const types = (await waiting(user)).map(({ type }) => type);
    assert.deepEqual(types, ["email_changed", "two_factor_enabled", "two_factor_disabled"]);
    receiver.clear();
    await api.advance(DAY);
    await service.scheduled();
    const told = receiver.notices().map(({ type, to }) => [type, to]);
    assert.deepEqual(told, [
      ["email_changed", user.email],
      ["two_factor_enabled", "thief@residents.example"],
      ["two_factor_disabled", "thief@residents.example"],
    ]);
  });

  test("do not hold up those of others, however many recipients they have", async () => {
    const [user, bystander] = [await service.addUser(), await service.addUser()];
    const many = JSON.stringify(Array.from({ length: 3 * A_TICK }, (_, index) => index));
    await service.sql(
      `INSERT INTO notices (id, type, user_id, recipient, created_at, due_at)
       SELECT printf('ntc_%026d', value), 'backup_code_used', ?2, value, ?3 + value, ?3 FROM json_each(?1)`,
      many,
      user.id,
      api.now - MINUTE,
    );
    await toggle(bystander);
    await receiver.came(2);
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
