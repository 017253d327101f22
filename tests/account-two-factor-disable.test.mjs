/** Turning a second factor off takes the second factor, or support. And where it is configured so, a sign-in of late. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { beforeEach, describe, test } from "node:test";

import {
  Accounts,
  assertDenied,
  assertFine,
  assertInvalid,
  assertLocked,
  assertNotRecent,
  assertWrongToken,
  HOUR,
  ONLY_ME,
  totp,
  wrongBackupCode,
  wrongTotp,
} from "./support/accounts.mjs";
import { servicesForThisFile } from "./support/service.mjs";

/** @import { Caller } from "./support/accounts.mjs" */
/** @import { Answer } from "./support/http.mjs" */

const { strict, relaxed } = await servicesForThisFile({
  strict: { instrumented: true },
  relaxed: { instrumented: true, vars: { TWO_FACTOR_DISABLE: "recent" } },
});
const [api, relaxedApi] = [new Accounts(strict), new Accounts(relaxed)];
// Both Workers run the same instruments, but each has its own.
beforeEach(() => Promise.all([api.freeze(), relaxedApi.freeze()]));

const DONE = { success: true };
/** @param {Caller} caller @param {unknown} [body] @param {string} [uuid] */
const disable = (caller, body, uuid) => api.post(caller, "two_factor_disable", body, uuid);
/** @param {Caller} user */
const isOn = async (user) => (await api.status(user)).is_enabled;
/** @param {Answer} answer @param {string} [what] */
const assertProofMissing = (answer, what) => assertInvalid(answer, "required", "token", "This field is required.", what);

/** What each shows, and whether that is proof enough; "missing" and "wrong" are told apart. */
const PROOFS =
  /** @type {Record<string, ["enough" | "missing" | "wrong", (user: any, factor: any) => [any, any?, string?]]>} */ ({
    "a code of the authenticator": ["enough", (user, { secret }) => [user, { token: totp(secret, api.now) }]],
    "a backup code": ["enough", (user, { codes }) => [user, { token: codes[7] }]],
    "a sign-in with mfa": ["enough", (user) => [api.person(user, { amr: ["pwd", "mfa"] })]],
    "a sign-in with otp": ["enough", (user) => [api.person(user, { amr: ["otp"] }), {}]],
    "a sign-in with mfa, as staff": ["enough", (user) => [api.staff(user, { amr: ["mfa"] })]],
    nothing: ["missing", (user) => [user]],
    "an empty object": ["missing", (user) => [user, {}]],
    "a sign-in with a password": ["missing", (user) => [api.person(user, { amr: ["pwd"] })]],
    "a sign-in with mfa that is no list": ["missing", (user) => [api.person(user, { amr: "mfa" })]],
    "a sign-in with MFA in capitals": ["missing", (user) => [api.person(user, { amr: ["MFA"] })]],
    "an empty list of methods": ["missing", (user) => [api.person(user, { amr: [] })]],
    "nothing, as staff": ["missing", (user) => [api.staff(user)]],
    "nothing, as staff by their own uuid": ["missing", (user) => [api.staff(user), {}, user.id]],
    "nothing, as staff by the provider's subject and their own uuid": [
      "missing",
      (user) => [api.staff({ id: `auth0|${user.id}` }), {}, user.id],
    ],
    "another code": ["wrong", (user, { secret }) => [user, { token: wrongTotp(secret, api.now) }]],
    "another backup code": ["wrong", (user) => [user, { token: wrongBackupCode() }]],
    "a wrong code, as staff": ["wrong", (user, { secret }) => [api.staff(user), { token: wrongTotp(secret, api.now) }]],
  });

describe("a factor is turned off by its owner", () => {
  for (const [what, [verdict, show]] of Object.entries(PROOFS)) {
    test(`with ${what}: proof ${verdict}`, async () => {
      const id = randomUUID();
      const user = await strict.addUser({ id, subject: `auth0|${id}` });
      const answer = await disable(...show(user, await api.enrol(user)));
      if (verdict === "enough") assertFine(answer, DONE);
      if (verdict === "missing") assertProofMissing(answer);
      if (verdict === "wrong") assertWrongToken(answer);
      assert.equal(await isOn(user), verdict !== "enough");
    });
  }

  test("not with a code or a backup code that was used", async () => {
    const user = await strict.addUser();
    const { secret, codes } = await api.enrol(user);
    for (const token of [totp(secret, api.now), codes[0]]) {
      assertFine(await api.verify(user, token));
      assertWrongToken(await disable(user, { token }));
    }
    assert.equal(await isOn(user), true);
  });

  test("not with another's code", async () => {
    const [ada, bob] = [await strict.addUser(), await strict.addUser()];
    const [, his] = [await api.enrol(ada), await api.enrol(bob)];
    for (const token of [totp(his.secret, api.now), his.codes[0]]) assertWrongToken(await disable(ada, { token }));
    assert.equal(await isOn(ada), true);
  });

  test("not long after signing in, whatever the proof", async () => {
    const user = await strict.addUser();
    const { secret } = await api.enrol(user);
    for (const claims of [{}, { amr: ["mfa"] }]) {
      assertNotRecent(await disable(api.signedInAgo(user, 2 * HOUR, claims), { token: totp(secret, api.now) }));
    }
    assertFine(await api.verify(user, totp(secret, api.now)), { ...DONE, method: "totp" });
  });

  test("wrong proofs count as wrong codes, of their kind", async () => {
    const user = await strict.addUser();
    const { secret, codes } = await api.enrol(user);
    for (let count = 0; count < 5; count += 1) assertWrongToken(await disable(user, { token: wrongTotp(secret, api.now) }));
    assertLocked(await disable(user, { token: totp(secret, api.now) }), 30);
    assertLocked(await api.verify(user, totp(secret, api.now)), 30);
    assertFine(await disable(user, { token: codes[0] }), DONE);
  });
});

describe("where nothing is on", () => {
  test("turning it off succeeds, again and again", async () => {
    const user = await strict.addUser();
    for (const body of [undefined, {}, { token: "123456" }]) assertFine(await disable(user, body), DONE);
    assertFine(await disable(api.staff(), {}, user.id), DONE);
    assert.deepEqual(await strict.sql("SELECT id FROM notices"), [], "and nobody is told of it");
  });
});

describe("a factor is turned off by support", () => {
  test("without a proof", async () => {
    const [user, bystander] = [await strict.addUser(), await strict.addUser()];
    for (const headers of [
      api.staff(),
      api.staff(await strict.addUser()),
      api.bearer({ sub: "auth0|7", email: "grace@smartphonekey.com", email_verified: true }),
    ]) {
      await api.enrol(user);
      await api.enrol(bystander);
      assertFine(await disable(headers, undefined, user.id), DONE);
      assert.deepEqual([await isOn(user), await isOn(bystander)], [false, true]);
      assertFine(await disable(api.staff(), {}, bystander.id), DONE);
    }
  });

  test("which the audit trail tells from what users do", async () => {
    const user = await strict.addUser();
    const ownWay = async () => disable(api.person(user, { amr: ["mfa"] }));
    for (const [act, actor] of /** @type {const} */ ([
      [ownWay, `user:${user.id}`],
      [() => disable(api.staff(), {}, user.id), "staff:auth0|support"],
    ])) {
      await api.enrol(user);
      const known = (await strict.audit()).length;
      assertFine(await act(), DONE);
      const rows = (await strict.audit()).slice(known);
      assert.deepEqual(
        rows.map((row) => [row.actor, row.action, row.subject]),
        [[actor, "two_factor.disable", user.id]],
      );
    }
  });

  test("not long after they have signed in, nor by anybody else", async () => {
    const user = await strict.addUser();
    await api.enrol(user);
    const longAgo = Math.floor((api.now - 2 * HOUR) / 1000);
    assertNotRecent(await disable(api.staff(undefined, { auth_time: longAgo }), {}, user.id));
    assertDenied(await disable(await strict.addUser(), {}, user.id), ONLY_ME);
    for (const claims of [
      { is_staff: "true" },
      { is_staff: 1 },
      { email: "mallory@smartphonekey.com.evil.example" },
      { email: "mallory@smartphonekey.com", email_verified: false },
    ]) {
      assertDenied(await disable(api.person(await strict.addUser(), claims), {}, user.id), ONLY_ME);
    }
    assert.equal(await isOn(user), true);
  });
});

describe("what other services do to a user's row", () => {
  /** @param {{id: string, email: string}} user */
  const newRow = (user) => [user.id, user.email];

  test("leaves the factor on when the row is written anew", async () => {
    const user = await strict.addUser();
    const { secret, codes } = await api.enrol(user);
    await strict.sql(
      "INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES (?, ?, '2024-01-15T10:30:00.000Z')",
      ...newRow(user),
    );
    assert.equal(await isOn(user), true);
    for (const token of [totp(secret, api.now), codes[0]]) assertFine(await api.verify(user, token));
  });

  test("takes the factor along when the row is deleted, so that nobody inherits it", async () => {
    const user = await strict.addUser();
    const { codes } = await api.enrol(user);
    await strict.sql("DELETE FROM users WHERE uuid = ?", user.id);
    assert.equal((await api.get(user, "two_factor_status")).status, 401);
    await strict.addUser(user);
    assert.equal(await isOn(user), false);
    assertWrongToken(await api.verify(user, codes[0]));
  });
});

describe("where a sign-in of late is enough", () => {
  test("no proof is asked for, and the window still is", async () => {
    const user = await relaxed.addUser();
    await relaxedApi.enrol(user);
    assertNotRecent(await relaxedApi.post(relaxedApi.signedInAgo(user, 2 * HOUR), "two_factor_disable"));
    assert.equal((await relaxedApi.status(user)).is_enabled, true);
    assertFine(await relaxedApi.post(user, "two_factor_disable"), DONE);
    assert.equal((await relaxedApi.status(user)).is_enabled, false);
  });
});
