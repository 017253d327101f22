/**
 * What happens between the read and the write of a change: the write decides, by what is there then. The instruments hold a
 * request after its read, the database is changed beside the Worker, and the request goes on.
 */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import {
  Accounts,
  assertFine,
  assertInvalid,
  assertLocked,
  assertWrongToken,
  pathTo,
  SECOND,
  STEP,
  totp,
} from "./support/accounts.mjs";
import { receiverForThisFile } from "./support/notices.mjs";
import { serviceForThisFile } from "./support/service.mjs";
import { until } from "./support/until.mjs";

/** @import { Caller } from "./support/accounts.mjs" */

const receiver = await receiverForThisFile();
const service = await serviceForThisFile({ instrumented: true, ...receiver.settings });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const TEAM = 7;
const NEW = "new.ada@residents.example";

/**
 * What a call answers when something happens after it has read.
 * @param {() => Promise<import("./support/http.mjs").Answer>} call
 * @param {() => Promise<unknown>} happens
 */
async function meanwhile(call, happens) {
  // Or the delivery of earlier notices would be held instead.
  await until(async () => (await service.sql("SELECT count(*) AS n FROM notices"))[0].n === 0, "an empty outbox");
  await service.instruments({ held: true, heldAfter: 1 });
  try {
    const answer = call();
    await until(async () => (await service.instruments({})).waiting === 1, "a request between its read and its write");
    await happens();
    await service.instruments({ held: false, heldAfter: 0 });
    return await answer;
  } finally {
    await service.instruments({ held: false, heldAfter: 0 });
  }
}

async function enrolled() {
  const user = await service.addUser();
  return { user, ...(await api.enrol(user)) };
}

/** @param {Caller} user */
const isOn = async (user) => (await api.status(user)).is_enabled;
/** @param {{id: string}} user */
const change = (/** @type {string} */ assignments, user) =>
  service.sql(`UPDATE second_factors SET ${assignments} WHERE user_id = ?`, user.id);
/** @param {{id: string}} user */
const turnsOff = (user) => api.post(api.administrator(), "two_factor_disable", {}, user.id);

describe("a code", () => {
  for (const kind of /** @type {const} */ (["totp", "backup"])) {
    test(`of kind ${kind} is refused, and not used up, when a lock came first`, async () => {
      const { user, secret, codes } = await enrolled();
      const token = kind === "totp" ? totp(secret, api.now) : codes[0];
      const locks = () => change(`${kind}_failures = 5, ${kind}_locked_until = ${api.now + 30 * SECOND}`, user);
      assertLocked(await meanwhile(() => api.verify(user, token), locks), 30);
      assert.equal((await api.status(user)).backup_codes_remaining, 10);
      await api.advance(30 * SECOND);
      assertFine(await api.verify(user, token));
    });

    test(`of kind ${kind} is refused where a hundred failures came first`, async () => {
      const { user, secret, codes } = await enrolled();
      const token = kind === "totp" ? totp(secret, api.now) : codes[0];
      assertLocked(
        await meanwhile(
          () => api.verify(user, token),
          () => change(`${kind}_failures = 100`, user),
        ),
        3600,
      );
      assert.equal((await api.status(user)).backup_codes_remaining, 10);
    });

    test(`of kind ${kind} is refused when the factor was turned off`, async () => {
      const { user, secret, codes } = await enrolled();
      const token = kind === "totp" ? totp(secret, api.now) : codes[0];
      const off = () => service.sql("DELETE FROM second_factors WHERE user_id = ?", user.id);
      assertWrongToken(await meanwhile(() => api.verify(user, token), off));
      assert.equal(await isOn(user), false);
    });
  }

  test("of the authenticator is refused when a later one was used", async () => {
    const { user, secret } = await enrolled();
    const later = () => change(`last_step = ${api.now / STEP}`, user);
    assertWrongToken(await meanwhile(() => api.verify(user, totp(secret, api.now)), later));
  });

  test("of the authenticator is refused when its secret was replaced", async () => {
    const [{ user, secret }, other] = [await enrolled(), await enrolled()];
    const replaced = () =>
      service.sql(
        "UPDATE second_factors SET secret_sealed = (SELECT secret_sealed FROM second_factors WHERE user_id = ?) WHERE user_id = ?",
        other.user.id,
        user.id,
      );
    const answer = await meanwhile(() => api.post(user, "two_factor_disable", { token: totp(secret, api.now + STEP) }), replaced);
    assertWrongToken(answer);
    assert.equal(await isOn(user), true);
  });

  test("that is a backup code is refused when it was used", async () => {
    const { user, codes } = await enrolled();
    const used = () => service.sql("UPDATE backup_codes SET used_at = 1 WHERE user_id = ?", user.id);
    assertWrongToken(await meanwhile(() => api.verify(user, codes[0]), used));
  });

  test("of a set-up is refused when another one was begun", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    const begun = () => change("pending_sealed = 'v1.another.set-up'", user);
    const answer = await meanwhile(() => api.post(user, "two_factor_validate", { token: totp(secret, api.now) }), begun);
    assertInvalid(answer, ["setup_expired", "token_invalid"], null);
    assert.equal(await isOn(user), false);
  });
});

describe("the factor", () => {
  test("that was turned on meanwhile is not turned off without a proof", async () => {
    const user = await service.addUser();
    await api.start(user);
    await meanwhile(
      () => api.post(user, "two_factor_disable"),
      () => change("secret_sealed = 'v1.x', enabled_at = 1", user),
    );
    assert.equal(await isOn(user), true);
  });

  test("that was turned off meanwhile gets no backup codes", async () => {
    const { user } = await enrolled();
    assertInvalid(
      await meanwhile(
        () => api.post(api.strong(user), "two_factor_backup_codes"),
        () => service.sql("DELETE FROM second_factors WHERE user_id = ?", user.id),
      ),
      "2fa_not_enabled",
      null,
    );
    assert.deepEqual(await service.sql("SELECT position FROM backup_codes WHERE position > 9"), []);
  });

  test("that was turned off meanwhile is turned off with success, and without a second notice", async () => {
    const { user, secret } = await enrolled();
    const off = async () => service.sql("DELETE FROM second_factors WHERE user_id = ?", user.id);
    const answer = await meanwhile(() => turnsOff(user), off);
    assertFine(answer, { success: true });
    assert.deepEqual(await service.sql("SELECT id FROM notices WHERE type = 'two_factor_disabled'"), []);
    assert.equal((await api.verify(user, totp(secret, api.now))).status, 400);
  });
});

describe("a dashboard", () => {
  test("is refused to a user who has left its team", async () => {
    const user = await service.addUser();
    await api.joins(user, TEAM);
    const dashboard = await api.dashboard(TEAM);
    const left = () => service.sql("UPDATE profiles SET team_id = 8 WHERE user_id = ?", user.id);
    const answer = await meanwhile(() => api.post(user, "scene_personalisation", { scene: "Doors", dashboard }), left);
    assertInvalid(answer, "invalid_input", "dashboard", "Dashboard must belong to the user's current team.");
    assert.deepEqual((await api.user(user)).scene_personalisation, []);
  });
});

describe("an e-mail", () => {
  const taken = () => service.addUser({ email: NEW });

  test("is refused when another user has got it meanwhile", async () => {
    const user = await service.addUser();
    const answer = await meanwhile(() => api.patch(user, { email: NEW, first_name: "Ada" }), taken);
    assertInvalid(answer, "invalid_input", "email", "There is already an account with this email address.");
    assert.equal((await api.user(user)).pending_email, null);
    assert.deepEqual(await service.sql("SELECT id FROM notices"), []);
  });

  for (const [what, happens, code] of /** @type {const} */ ([
    ["does not take effect when another user has got it meanwhile", taken, "invalid_input"],
    [
      "does not take effect when it was taken back",
      () => service.sql("UPDATE profiles SET pending_email = NULL, pending_email_hash = NULL, pending_email_until = NULL"),
      "invalid_token",
    ],
    [
      "does not take effect when another one was asked for instead",
      () => service.sql("UPDATE profiles SET pending_email = 'third@residents.example', pending_email_hash = 'x'"),
      "invalid_token",
    ],
  ])) {
    test(what, async () => {
      const user = await service.addUser();
      await api.patch(user, { email: NEW });
      const [{ data }] = await receiver.came(1, "email_change_verification");
      const answer = await meanwhile(
        () => service.call("POST", pathTo("", "verify_email"), { json: { uuid: user.id, token: data.token } }),
        happens,
      );
      assertInvalid(answer, code, code === "invalid_token" ? "token" : "email");
      assert.equal((await api.user(user)).email, user.email);
      assert.equal((await service.sql("SELECT count(*) AS n FROM notices WHERE type = 'email_changed'"))[0].n, 0);
    });
  }
});

describe("a user who is deleted meanwhile leaves nothing behind", () => {
  const TABLES = ["profiles", "push_tokens", "scene_personalisations", "second_factors", "backup_codes", "notices"];
  const CALLS = /** @type {Record<string, (life: any) => Promise<any>>} */ ({
    "a push token": ({ user }) => api.post(user, "push_tokens", { token: "a-device", platform: "ios" }),
    "a scene": ({ user, dashboard }) => api.post(user, "scene_personalisation", { scene: "Doors", dashboard }),
    "a profile": ({ user }) => api.patch(user, { first_name: "Ada" }),
    "an e-mail": ({ user }) => api.patch(user, { email: NEW }),
    "a code": ({ user, secret }) => api.verify(user, totp(secret, api.now)),
    "a backup code": ({ user, codes }) => api.verify(user, codes[0]),
    "new backup codes": ({ user }) => api.post(api.strong(user), "two_factor_backup_codes"),
    "the end of a factor": ({ user }) => turnsOff(user),
    "a set-up": ({ user, pending }) => api.post(api.strong(user), "two_factor_validate", { token: totp(pending, api.now) }),
  });

  for (const [what, call] of Object.entries(CALLS)) {
    test(`of ${what}`, async () => {
      const life = await enrolled();
      await api.joins(life.user, TEAM);
      const dashboard = await api.dashboard(TEAM);
      const { secret: pending } = await api.start(life.user);
      const answer = await meanwhile(
        () => call({ ...life, dashboard, pending }),
        () => service.sql("DELETE FROM users WHERE uuid = ?", life.user.id),
      );
      assert.ok(answer.status < 500, answer.text);
      for (const table of TABLES)
        assert.deepEqual(await service.sql(`SELECT * FROM ${table} WHERE user_id = ?`, life.user.id), [], table);
    });
  }
});
