/**
 * Whose account it is where names collide: a uuid of one user may be the provider's subject of another. Who asks is settled
 * first, and only then whether the account is their own.
 */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertDenied, assertFine, assertInvalid, OWNER_ONLY, totp } from "./support/accounts.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const SHARED = "idp-7";

/** Two users: the provider's subject of the one is the uuid of the other. */
async function namesakes() {
  const [byUuid, bySubject] = await service.addUsers([{ id: SHARED }, { subject: SHARED }]);
  const factors = { own: await api.enrol(byUuid), other: await api.enrol(bySubject) };
  return { byUuid, bySubject, ...factors, staff: api.staff({ id: SHARED }, { amr: ["mfa"] }) };
}

describe("staff whose uuid is another user's subject", () => {
  test("are themselves under @me and under their uuid", async () => {
    const { byUuid, own, staff } = await namesakes();
    for (const uuid of ["@me", byUuid.id]) {
      assert.equal((await api.user(staff, uuid)).uuid, byUuid.id);
      assert.deepEqual((await api.status(staff, uuid)).backup_codes, own.codes);
    }
  });

  test("do not see the other's codes, nor make new ones", async () => {
    const { bySubject, other, staff } = await namesakes();
    const { backup_codes: codes, backup_codes_remaining: count } = await api.status(staff, bySubject.id);
    assert.deepEqual([codes, count], [[], other.codes.length]);
    const pair = api.administrator({ sub: SHARED });
    assertDenied(await api.post(pair, "two_factor_backup_codes", {}, bySubject.id), OWNER_ONLY);
    assert.deepEqual((await api.status(bySubject)).backup_codes, other.codes, "which are the same as before");
  });

  test("act on the other as administrators, in the trail too", async () => {
    const { byUuid, bySubject, staff } = await namesakes();
    assertDenied(await api.post(staff, "two_factor_disable", {}, bySubject.id));
    const pair = api.administrator({ sub: SHARED });
    assertFine(await api.post(pair, "two_factor_disable", {}, bySubject.id), { success: true });
    const { actor, action, subject } = (await service.audit()).at(-1);
    assert.deepEqual([action, subject], ["two_factor.disable", bySubject.id]);
    assert.match(actor, /^admin-key:\w+ g\*\*\*@smartphonekey\.com \(idp-7\)$/);
    assert.deepEqual([(await api.status(byUuid)).is_enabled, (await api.status(bySubject)).is_enabled], [true, false]);
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
