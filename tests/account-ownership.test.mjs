/** Whose account it is where staff ask: who asks is settled first, and only then whether the account is their own. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertDenied, assertFine, assertInvalid, OWNER_ONLY, totp } from "./support/accounts.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const GRACE = "idp-7";

/** A member of staff with an account, and another user. */
async function two() {
  const [user, another] = await service.addUsers([{ id: GRACE }, {}]);
  const factors = { own: await api.enrol(user), other: await api.enrol(another) };
  return { user, another, ...factors, staff: api.staff({ id: GRACE }, { amr: ["mfa"] }) };
}

describe("staff with an account of their own", () => {
  test("are themselves under @me and under their uuid", async () => {
    const { user, own, staff } = await two();
    for (const uuid of ["@me", user.id]) {
      assert.equal((await api.user(staff, uuid)).uuid, user.id);
      assert.deepEqual((await api.status(staff, uuid)).backup_codes, own.codes);
    }
  });

  test("do not see the other's codes, nor make new ones", async () => {
    const { another, other, staff } = await two();
    const { backup_codes: codes, backup_codes_remaining: count } = await api.status(staff, another.id);
    assert.deepEqual([codes, count], [[], other.codes.length]);
    const pair = api.administrator({ sub: GRACE });
    assertDenied(await api.post(pair, "two_factor_backup_codes", {}, another.id), OWNER_ONLY);
    assert.deepEqual((await api.status(another)).backup_codes, other.codes, "which are the same as before");
  });

  test("act on the other as administrators, in the trail too", async () => {
    const { user, another, staff } = await two();
    assertDenied(await api.post(staff, "two_factor_disable", {}, another.id));
    const pair = api.administrator({ sub: GRACE });
    assertFine(await api.post(pair, "two_factor_disable", {}, another.id), { success: true });
    const { actor, action, subject } = (await service.audit()).at(-1);
    assert.deepEqual([action, subject], ["two_factor.disable", another.id]);
    assert.match(actor, /^admin-key:\w+ g\*\*\*@smartphonekey\.com \(idp-7\)$/);
    assert.deepEqual([(await api.status(user)).is_enabled, (await api.status(another)).is_enabled], [true, false]);
  });
});

describe("staff who are signed in by the provider's subject", () => {
  test("are users under their own uuid: they see their codes, and turn the factor off with a proof only", async () => {
    const user = await service.addUser({ subject: "auth0|grace" });
    const { secret, codes } = await api.enrol(user);
    const [staff, strong] = [api.staff({ id: "auth0|grace" }), api.staff({ id: "auth0|grace" }, { amr: ["mfa"] })];
    for (const uuid of ["@me", user.id]) {
      assert.deepEqual((await api.status(strong, uuid)).backup_codes, codes);
      assertInvalid(await api.post(staff, "two_factor_disable", {}, uuid), "required", "token");
      assertInvalid(await api.post(staff, "two_factor_backup_codes", {}, uuid), "required", "token");
    }
    const { backup_codes: anew } = assertFine(await api.post(strong, "two_factor_backup_codes", {}, user.id));
    service.keepsConfidential(...anew);
    assert.deepEqual((await api.status(strong, user.id)).backup_codes, anew);
    assertFine(await api.post(staff, "two_factor_disable", { token: totp(secret, api.now) }, user.id), { success: true });
    const { actor, action } = (await service.audit()).at(-1);
    assert.deepEqual([actor, action], [`user:${user.id}`, "two_factor.disable"]);
  });
});
