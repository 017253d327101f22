/** How much a profile holds: 128 KiB of settings in all, also with requests at the same time. Making it smaller always works. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertInvalid, assertUser, SECOND } from "./support/accounts.mjs";
import { serviceForThisFile } from "./support/service.mjs";
import { until } from "./support/until.mjs";

/** @import { Caller } from "./support/accounts.mjs" */
/** @import { Answer } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

/** Characters that all settings may have as they are stored. */
const LARGEST = 128 * 1024;
/** Nearly as much as one field of a request may have. */
const CHUNK = "x".repeat(15 * 1024);
const NEW = "new@residents.example";

/** @param {{id: string}} user */
const size = async (user) =>
  (await service.sql("SELECT length(settings) AS size FROM profiles WHERE user_id = ?", user.id))[0].size;
/** @param {Caller} user @param {string} key @param {string} text */
const add = (user, key, text, more = {}) => api.patch(user, { notification_settings: { [key]: text }, ...more });
/** It is all settings that are too much, whichever were given. @param {Answer} answer */
const assertFull = (answer) => assertInvalid(answer, "max_length", "notification_settings");

/** A user whose settings could not be a character longer. */
async function full(settings = {}) {
  const user = await service.addUser();
  assertUser(await api.patch(user, { theme_mode: "system", ...settings }));
  for (let count = 0; (await size(user)) + CHUNK.length + 100 < LARGEST; count += 1)
    assertUser(await add(user, `k${count}`, CHUNK));
  assertUser(await add(user, "last", ""));
  assertUser(await add(user, "last", "x".repeat(LARGEST - (await size(user)))));
  assert.equal(await size(user), LARGEST);
  return user;
}

/**
 * The answers to calls that have all read before the first one writes.
 * @param {(() => Promise<import("./support/http.mjs").Answer>)[]} calls
 * @param {() => Promise<unknown>} [happens] meanwhile
 */
async function together(calls, happens) {
  await service.instruments({ held: true, heldAfter: 1 });
  try {
    const answers = Promise.all(calls.map((call) => call()));
    await until(
      async () => (await service.instruments({})).waiting === calls.length,
      "requests between their read and their write",
    );
    await happens?.();
    await service.instruments({ held: false, heldAfter: 0 });
    return await answers;
  } finally {
    await service.instruments({ held: false, heldAfter: 0 });
  }
}

describe("settings that are added at the same time", () => {
  test("stay within the limit together", async () => {
    const user = await service.addUser();
    const names = Array.from({ length: 12 }, (_, index) => `k${index}`);
    const answers = await together(names.map((name) => () => add(user, name, CHUNK)));
    const kept = names.filter((_, index) => answers[index].status === 200);
    for (const answer of answers) if (answer.status !== 200) assertFull(answer);
    assert.equal(kept.length, Math.floor(LARGEST / CHUNK.length), "as many as there is room for");
    assert.ok((await size(user)) <= LARGEST);
    assert.deepEqual(Object.keys((await api.user(user)).notification_settings).sort(), kept.sort());
  });

  test("leave nothing of the request that comes too late: no pending e-mail, no notice, no audit row", async () => {
    const user = await service.addUser();
    assertUser(await api.patch(user, { theme_mode: "dark" }));
    await api.advance(SECOND);
    const known = await service.audit();
    const fill = () =>
      service.sql(
        "UPDATE profiles SET settings = json_set(settings, '$.notification_settings', json_object('k', ?)) WHERE user_id = ?",
        "x".repeat(LARGEST - 100),
        user.id,
      );
    const [answer] = await together([() => add(user, "late", CHUNK, { email: NEW, first_name: "Ada" })], fill);
    assertFull(answer);
    const { first_name, pending_email, notification_settings: settings } = await api.user(user);
    assert.deepEqual([first_name, pending_email, Object.keys(settings)], ["", null, ["k"]]);
    assert.deepEqual([await service.sql("SELECT id FROM notices"), await service.audit()], [[], known]);
  });
});

describe("a full profile", () => {
  test("takes no e-mail in a request that is too large, also in the millisecond in which it became full", async () => {
    const user = await full();
    assertFull(await add(user, "more", "", { email: NEW }));
    assert.equal((await api.user(user)).pending_email, null);
    assert.deepEqual(await service.sql("SELECT id FROM notices"), []);
  });

  test("takes nothing more, and no e-mail in the same request", async () => {
    const user = await full();
    await api.advance(SECOND);
    const before = await api.user(user);
    const { last } = before.notification_settings;
    assertFull(await add(user, "last", `${last}x`));
    assertFull(await add(user, "more", "", { email: NEW, theme_mode: "dark" }));
    assertFull(await api.patch(user, { first_name: "Ada" }));
    assert.deepEqual(await api.user(user), before);
    assert.deepEqual(await service.sql("SELECT id FROM notices"), []);
  });

  test("takes an e-mail alone, which is no setting", async () => {
    assert.equal(assertUser(await api.patch(await full(), { email: NEW })).pending_email, NEW);
  });

  test("takes a value as long as the one before, or shorter", async () => {
    const user = await full();
    for (const value of ["system", "light", "dark"])
      assert.equal(assertUser(await api.patch(user, { theme_mode: value })).theme_mode, value);
    assert.equal(await size(user), LARGEST - "system".length + "dark".length);
  });

  test("takes a change that makes room, and others after it", async () => {
    const user = await full();
    assert.equal("k0" in assertUser(await api.patch(user, { notification_settings: { k0: null } })).notification_settings, false);
    assert.equal(assertUser(await api.patch(user, { first_name: "Ada" })).first_name, "Ada");
    assertUser(await api.patch(user, { notification_settings: { k1: null, k0: CHUNK } }));
    assert.ok((await size(user)) <= LARGEST);
  });

  test("that is over the limit takes values as long or shorter, and none longer", async () => {
    const user = await full({ first_name: "Ada" });
    await service.sql("UPDATE profiles SET settings = json_set(settings, '$.last_name', 'Lovelace') WHERE user_id = ?", user.id);
    for (const name of ["Eve", "Al"]) assert.equal(assertUser(await api.patch(user, { first_name: name })).first_name, name);
    assertFull(await api.patch(user, { first_name: "Eve" }));
    assert.ok((await size(user)) > LARGEST);
  });
});
