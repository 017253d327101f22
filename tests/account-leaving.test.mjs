/** What becomes of account data when another service takes a user's row away, or makes it another user's. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertFine, assertUser, assertWrongToken } from "./support/accounts.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const TABLES = ["profiles", "push_tokens", "scene_personalisations", "second_factors", "backup_codes", "notices"];

/** How many rows of account data a user has, by table. @param {{id: string}} user */
async function rows(user) {
  const counts = TABLES.map((name) => `(SELECT count(*) FROM ${name} WHERE user_id = ?1) AS ${name}`);
  return (await service.sql(`SELECT ${counts.join(", ")}`, user.id))[0];
}

const NOTHING = Object.fromEntries(TABLES.map((name) => [name, 0]));

/** A user with rows in every table. */
async function settled() {
  const user = await service.addUser();
  await api.joins(user, 7);
  const { codes } = await api.enrol(user);
  assertFine(await api.post(user, "push_tokens", { token: `device of ${user.id}`, platform: "ios" }));
  assertUser(await api.post(user, "scene_personalisation", { scene: "Doors", dashboard: await api.dashboard(7) }));
  assertUser(await api.patch(user, { first_name: "Ada" }));
  const known = await rows(user);
  for (const name of TABLES) assert.ok(known[name] > 0, `nothing in ${name}`);
  return { user, codes, known };
}

describe("a row that gets another uuid", () => {
  test("is another user's: nothing of the account goes along, and nothing is left", async () => {
    const { user, codes } = await settled();
    const bystander = await settled();
    const heir = { ...user, id: "another-id" };
    await service.sql("UPDATE users SET uuid = ? WHERE uuid = ?", heir.id, user.id);
    assert.deepEqual([await rows(user), await rows(heir)], [NOTHING, NOTHING]);
    assert.deepEqual(await rows(bystander.user), bystander.known);

    const { uuid, email, first_name, is_2fa_enabled, team } = await api.user(heir);
    assert.deepEqual([uuid, email, first_name, is_2fa_enabled, team], [heir.id, user.email, "", false, null]);
    assertWrongToken(await api.verify(heir, codes[0]));
    assert.equal((await api.get(user, "")).status, 401);
  });

  test("that is the same as before keeps everything", async () => {
    const { user, known } = await settled();
    await service.sql("UPDATE users SET uuid = uuid, email = 'other@residents.example' WHERE uuid = ?", user.id);
    assert.deepEqual(await rows(user), known);
  });
});

describe("a row that is deleted", () => {
  test("takes all of its account data along, and leaves other users'", async () => {
    const [{ user }, bystander] = [await settled(), await settled()];
    await service.sql("DELETE FROM users WHERE uuid = ?", user.id);
    assert.deepEqual([await rows(user), await rows(bystander.user)], [NOTHING, bystander.known]);
  });
});
