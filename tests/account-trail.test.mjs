/** The audit trail of second factors: who did what to whom. And the log, which shows no subject as a whole. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import {
  Accounts,
  assertFine,
  assertLocked,
  assertWrongToken,
  SECOND,
  STEP,
  totp,
  wrongBackupCode,
  wrongTotp,
} from "./support/accounts.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const TOLERATED = 5;
const MINE = (/** @type {any} */ user) => `user:${user.id}`;

/** What was noted while something happened. @param {() => Promise<unknown>} happens */
async function noted(happens) {
  const known = (await service.audit()).length;
  await happens();
  return (await service.audit()).slice(known).map(({ actor, action, subject }) => [actor, action, subject]);
}

describe("the trail of a second factor", () => {
  test("names the user for all they do themselves", async () => {
    const user = await service.addUser({ subject: "auth0|ada" });
    // By either name, it is the user who is noted.
    const other = api.bearer({ sub: "auth0|ada" });
    let secret = "";
    assert.deepEqual(await noted(async () => ({ secret } = await api.start(other))), [[MINE(user), "two_factor.start", user.id]]);
    assert.deepEqual(
      await noted(async () => assertFine(await api.post(other, "two_factor_validate", { token: totp(secret, api.now) }))),
      [[MINE(user), "two_factor.enable", user.id]],
    );
    let codes = /** @type {string[]} */ ([]);
    assert.deepEqual(await noted(async () => (codes = await api.backupCodes(user))), [
      [MINE(user), "backup_codes.generate", user.id],
    ]);
    assert.deepEqual(await noted(async () => assertFine(await api.verify(user, codes[0]))), [
      [MINE(user), "backup_code.use", user.id],
    ]);
    await api.advance(STEP);
    assert.deepEqual(
      await noted(async () => assertFine(await api.post(other, "two_factor_disable", { token: totp(secret, api.now) }))),
      [[MINE(user), "two_factor.disable", user.id]],
    );
  });

  test("names support and the sign-in service for what they do to others", async () => {
    const user = await service.addUser();
    const { codes } = await api.enrol(user);
    const grace = api.administrator();
    const named = /^admin-key:\w+ g\*\*\*@smartphonekey\.com \(auth0\|grace\)$/;
    const key = await api.apiKey(["user:verify"]);
    const [[actor, ...used]] = await noted(async () => assertFine(await api.verify(grace, codes[0], user.id)));
    assert.match(actor, named);
    assert.deepEqual(used, ["backup_code.use", user.id]);
    assert.deepEqual(await noted(async () => assertFine(await api.verify(key, codes[1], user.id))), [
      [`api-key:${key.id}`, "backup_code.use", user.id],
    ]);
    assert.deepEqual(await noted(async () => assertFine(await api.post(grace, "two_factor_disable", {}, user.id))), [
      [actor, "two_factor.disable", user.id],
    ]);
  });

  test("has nothing of what was refused", async () => {
    const user = await service.addUser();
    const { secret } = await api.enrol(user);
    assert.deepEqual(
      await noted(async () => {
        assertWrongToken(await api.verify(user, wrongTotp(secret, api.now)));
        assertWrongToken(await api.post(user, "two_factor_disable", { token: wrongBackupCode() }));
        assert.equal((await api.post(user, "two_factor_validate", { token: "x" })).status, 400);
      }),
      [],
    );
  });
});

describe("a lock", () => {
  for (const [kind, wrong, outcome] of /** @type {[string, (factor: any) => string, string][]} */ ([
    ["the authenticator", ({ secret }) => wrongTotp(secret, api.now), "codes of the authenticator"],
    ["backup codes", () => wrongBackupCode(), "backup codes"],
  ])) {
    const locks = async () => (await service.audit()).filter(({ action }) => action === "two_factor.lock");

    test(`of ${kind} is noted once each time it begins, with the caller who caused it`, async () => {
      const user = await service.addUser();
      const factor = await api.enrol(user);
      for (let count = 1; count < TOLERATED; count += 1) assertWrongToken(await api.verify(user, wrong(factor)));
      assert.deepEqual(await locks(), []);
      assertWrongToken(await api.verify(user, wrong(factor)));
      const [{ request_id: _, ...lock }, ...more] = await locks();
      assert.deepEqual([lock, more], [{ actor: MINE(user), action: "two_factor.lock", subject: user.id, outcome }, []]);

      for (let count = 0; count < 3; count += 1) assertLocked(await api.verify(user, wrong(factor)), 30);
      assert.equal((await locks()).length, 1, "a locked call is none");
      await api.advance(30 * SECOND);
      const key = await api.apiKey(["user:verify"]);
      assertWrongToken(await api.verify(key, wrong(factor), user.id));
      const [, next, ...others] = await locks();
      assert.deepEqual([next.actor, next.subject, others], [`api-key:${key.id}`, user.id, []]);
    });
  }

  test("is noted once for each kind, however many calls cause it at once", async () => {
    const user = await service.addUser();
    const { secret } = await api.enrol(user);
    const tokens = [wrongTotp(secret, api.now), wrongBackupCode()];
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => api.verify(user, tokens[index % 2])));
    assert.equal(answers.filter(({ status }) => status === 400).length, 2 * TOLERATED);
    const outcomes = (await service.audit()).filter(({ action }) => action === "two_factor.lock").map(({ outcome }) => outcome);
    assert.deepEqual(outcomes.sort(), ["backup codes", "codes of the authenticator"]);
  });

  test("is noted while enrolling as well", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    const refuse = async () =>
      assertWrongToken(await api.post(user, "two_factor_validate", { token: wrongTotp(secret, api.now) }));
    for (let count = 1; count < TOLERATED; count += 1) await refuse();
    assert.deepEqual(await noted(refuse), [[MINE(user), "two_factor.lock", user.id]]);
  });
});

describe("the log", () => {
  for (const [subject, shown] of [
    ["ada@x.example", "ada@"],
    ["+41791234567", "41791234567"],
  ]) {
    test(`never has a subject like ${subject} as a whole`, async () => {
      await service.addUser({ subject });
      const answers = [
        await api.get(api.bearer({ sub: subject }), "two_factor_status"),
        await api.get(api.bearer({ sub: subject, is_staff: true }), "two_factor_status"),
        await api.post(api.bearer({ sub: subject }), "two_factor_verify", { token: "x" }),
        await api.post(api.bearer({ sub: subject }), "two_factor_disable", {}, "another"),
        await api.get(api.bearer({ sub: `${subject}0` }), "two_factor_status"),
      ];
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 400, 403, 401],
      );
      for (const answer of answers) {
        const line = JSON.stringify(await service.lineOf(answer));
        assert.match(line, /"http\.status"/);
        assert.ok(!line.includes(shown), line);
      }
      assert.ok(!JSON.stringify(await service.log()).includes(shown));
    });
  }
});
