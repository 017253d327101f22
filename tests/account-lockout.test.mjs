/**
 * How wrong codes are braked: five in a row lock their kind for 30 s, each further one twice as long as the one before, up to
 * an hour; a hundred in a row until support helps. The clock stands still and is moved, so that every wait is exact.
 */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import {
  Accounts,
  assertFine,
  assertLocked,
  assertWrongToken,
  HOUR,
  SECOND,
  STEP,
  totp,
  wrongBackupCode,
  wrongTotp,
} from "./support/accounts.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Caller } from "./support/accounts.mjs" */
/** @import { Answer } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const TOLERATED = 5;
const LAST = 100;
/** Of a lock for good. */
const FOR_GOOD = 3600;
/** How long so many failures in a row lock, in seconds. @param {number} failures */
const lockOf = (failures) => (failures < TOLERATED ? 0 : Math.min(30 * 2 ** (failures - TOLERATED), 3600));

/** The two kinds of code: a wrong one, and a right one that was not used yet. */
const KINDS = /** @type {Record<string, {wrong: (factor: any) => string, right: (factor: any) => string}>} */ ({
  totp: { wrong: ({ secret }) => wrongTotp(secret, api.now), right: ({ secret }) => totp(secret, api.now) },
  backup_code: { wrong: () => wrongBackupCode(), right: ({ codes }) => codes.shift() },
});

async function enrolled() {
  const user = await service.addUser();
  return { user, factor: await api.enrol(user) };
}

/**
 * Fails so often in a row, waiting for every lock to end.
 * @param {Caller} user
 * @param {{secret: string, codes: string[]}} factor
 * @param {string} kind
 * @param {number} from
 * @param {number} to
 */
async function fail(user, factor, kind, from, to) {
  for (let failures = from + 1; failures <= to; failures += 1) {
    assertWrongToken(await api.verify(user, KINDS[kind].wrong(factor)), `failure ${failures}`);
    if (failures < to) await api.advance(lockOf(failures) * SECOND);
  }
}

for (const [kind, { right, wrong }] of Object.entries(KINDS)) {
  const other = kind === "totp" ? "backup_code" : "totp";
  /** @param {Answer} answer */
  const assertOpens = (answer, method = kind) => assertFine(answer, { success: true, method });

  describe(`wrong codes of kind ${kind}`, () => {
    test("lock for growing waits, to the second", async () => {
      const { user, factor } = await enrolled();
      await fail(user, factor, kind, 0, TOLERATED);
      for (let failures = TOLERATED; failures < 15; failures += 1) {
        const lock = lockOf(failures);
        assertLocked(await api.verify(user, wrong(factor)), lock);
        await api.advance((lock - 1) * SECOND);
        assertLocked(await api.verify(user, wrong(factor)), 1);
        await api.advance(SECOND);
        assertWrongToken(await api.verify(user, wrong(factor)), `failure ${failures + 1}`);
      }
      assert.equal(lockOf(14), 3600, "and the longest wait was reached");
    });

    test("lock out the right code as well", async () => {
      const { user, factor } = await enrolled();
      await fail(user, factor, kind, 0, TOLERATED);
      const code = right(factor);
      assertLocked(await api.verify(user, code), 30);
      if (kind === "backup_code") await api.advance(30 * SECOND);
      assertOpens(await api.verify(user, kind === "totp" ? await api.nextCode(factor.secret) : code));
    });

    test("are told as a part of a second still to wait", async () => {
      const { user, factor } = await enrolled();
      await fail(user, factor, kind, 0, TOLERATED);
      await api.advance(30 * SECOND - 1);
      assertLocked(await api.verify(user, wrong(factor)), 1);
    });

    test("count only when they were looked at", async () => {
      const { user, factor } = await enrolled();
      await fail(user, factor, kind, 0, TOLERATED);
      for (let count = 0; count < 20; count += 1) assertLocked(await api.verify(user, wrong(factor)), 30);
      await api.advance(30 * SECOND);
      assertWrongToken(await api.verify(user, wrong(factor)));
      assertLocked(await api.verify(user, wrong(factor)), lockOf(TOLERATED + 1));
    });

    test("are forgotten after a right one", async () => {
      const { user, factor } = await enrolled();
      await fail(user, factor, kind, 0, TOLERATED - 1);
      assertOpens(await api.verify(user, right(factor)));
      await api.advance(STEP);
      await fail(user, factor, kind, 0, TOLERATED + 2);
      await api.advance(lockOf(TOLERATED + 2) * SECOND);
      assertOpens(await api.verify(user, right(factor)));
      await api.advance(STEP);
      await fail(user, factor, kind, 0, TOLERATED);
      assertLocked(await api.verify(user, wrong(factor)), 30);
    });

    test("are not forgotten with time", async () => {
      const { user, factor } = await enrolled();
      await fail(user, factor, kind, 0, TOLERATED - 1);
      await api.advance(48 * HOUR);
      assertWrongToken(await api.verify(user, wrong(factor)));
      assertLocked(await api.verify(user, wrong(factor)), 30);
    });

    test(`leave ${other} alone, and its right codes leave them`, async () => {
      const { user, factor } = await enrolled();
      await fail(user, factor, kind, 0, TOLERATED);
      for (let count = 1; count < TOLERATED; count += 1) assertWrongToken(await api.verify(user, KINDS[other].wrong(factor)));
      assertOpens(await api.verify(user, KINDS[other].right(factor)), other);
      assertLocked(await api.verify(user, wrong(factor)), 30);
    });

    test("lock nobody else out", async () => {
      const [{ user, factor }, bystander] = [await enrolled(), await enrolled()];
      await fail(user, factor, kind, 0, TOLERATED);
      assertOpens(await api.verify(bystander.user, right(bystander.factor)));
    });

    test("lock, whoever tries: support and the sign-in service as well", async () => {
      const { user, factor } = await enrolled();
      await fail(user, factor, kind, 0, TOLERATED - 2);
      const callers = [api.staff(), await api.apiKey(["user:verify"])];
      for (const headers of callers) assertWrongToken(await api.verify(headers, wrong(factor), user.id));
      for (const headers of callers) assertLocked(await api.verify(headers, right(factor), user.id), 30);
    });

    test("a code that was used before counts like any other wrong one", async () => {
      const { user, factor } = await enrolled();
      const code = right(factor);
      assertOpens(await api.verify(user, code));
      for (let count = 0; count < TOLERATED; count += 1) assertWrongToken(await api.verify(user, code));
      assertLocked(await api.verify(user, wrong(factor)), 30);
    });

    test(`${LAST} in a row lock until support turns the factor off`, async () => {
      const { user, factor } = await enrolled();
      await fail(user, factor, kind, 0, LAST);
      const before = api.now;
      for (const hours of [0, 1, 24, 24 * 20]) {
        await api.advance(hours * HOUR);
        assertLocked(await api.verify(user, right(factor)), FOR_GOOD);
      }
      assert.ok(api.now - before > 20 * 24 * HOUR);
      assertOpens(await api.verify(user, KINDS[other].right(factor)), other);
      assertFine(await api.post(api.staff(), "two_factor_disable", {}, user.id));
      const anew = await api.enrol(user);
      assertOpens(await api.verify(user, right(anew)));
    });

    test(`${LAST - 1} in a row do not`, async () => {
      const { user, factor } = await enrolled();
      await fail(user, factor, kind, 0, LAST - 1);
      await api.advance(3600 * SECOND);
      assertOpens(await api.verify(user, right(factor)));
    });
  });
}

describe("while enrolling", () => {
  /** @param {Caller} user @param {string} token */
  const validate = (user, token) => api.post(user, "two_factor_validate", { token });

  test("wrong codes lock as well, the right one included", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    for (let count = 0; count < TOLERATED; count += 1) assertWrongToken(await validate(user, wrongTotp(secret, api.now)));
    assertLocked(await validate(user, totp(secret, api.now)), 30);
    assert.equal((await api.status(user)).is_enabled, false);
    await api.advance(30 * SECOND);
    assertFine(await validate(user, totp(secret, api.now)), { success: true });
  });

  test("text that is no code at all counts as one of the authenticator", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    for (let count = 0; count < TOLERATED; count += 1)
      assertWrongToken(await validate(user, ["x", "12345", wrongBackupCode()][count % 3]));
    assertLocked(await validate(user, totp(secret, api.now)), 30);
  });

  test("starting again does not wipe them out", async () => {
    const user = await service.addUser();
    for (let count = 0; count < TOLERATED; count += 1) {
      const { secret } = await api.start(user);
      assertWrongToken(await validate(user, wrongTotp(secret, api.now)));
    }
    const { secret } = await api.start(user);
    assertLocked(await validate(user, totp(secret, api.now)), 30);
  });

  test("they count together with those of verification", async () => {
    const { user, factor } = await enrolled();
    const { secret } = await api.start(user);
    await fail(user, factor, "totp", 0, 3);
    for (let count = 0; count < 2; count += 1) assertWrongToken(await validate(user, wrongTotp(secret, api.now)));
    assertLocked(await validate(user, totp(secret, api.now)), 30);
    assertLocked(await api.verify(user, totp(factor.secret, api.now)), 30);
  });
});
