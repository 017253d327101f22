/** Which actions need a recent sign-in, and which do not. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertFine, assertNotRecent, assertUser, HOUR, pathTo, SECOND, totp } from "./support/accounts.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

/** For how long a sign-in counts as recent. */
const WINDOW = 2 * HOUR;
const seconds = (/** @type {number} */ millis) => Math.floor(millis / SECOND);

/** By path: the method, and whether a recent sign-in is needed without a second factor, too. */
const SENSITIVE = /** @type {Record<string, [method: string, always: boolean]>} */ ({
  [pathTo("two_factor_validate")]: ["POST", true],
  [pathTo("validate_2fa")]: ["POST", true],
  [pathTo("two_factor_backup_codes")]: ["POST", true],
  [pathTo("two_factor_disable")]: ["POST", true],
  [pathTo("two_factor_verify")]: ["POST", true],
  [pathTo("", "cancel_email_change_request")]: ["PATCH", true],
  [pathTo("two_factor_start_setup")]: ["GET", false],
  [pathTo("start_2fa_setup")]: ["GET", false],
});

for (const [path, [method, always]] of Object.entries(SENSITIVE)) {
  describe(`${method} ${path}`, () => {
    const knock = (/** @type {any} */ headers, token = "123456") =>
      api.call(method, headers, path, method === "POST" ? { token } : undefined);

    test("is refused two hours after signing in, and not before", async () => {
      const user = await service.addUser();
      const { secret } = await api.enrol(user);
      const before = await api.status(user);
      const token = totp(secret, api.now);
      assertNotRecent(await knock(api.signedInAgo(user, WINDOW), token));
      assertNotRecent(await knock(api.signedInAgo(user, WINDOW, { amr: ["mfa"] }), token), "whatever it was done with");
      assertNotRecent(await knock(api.person(user, { auth_time: undefined }), token), "iat is no sign-in");
      assertNotRecent(await knock(api.person(user, { auth_time: undefined, iat: undefined }), token), "neither is said");
      assertNotRecent(await knock(api.person(user, { auth_time: 0 }), token), "long ago");
      assertNotRecent(await knock(api.staff(user, { auth_time: seconds(api.now - WINDOW) }), token), "as staff");
      assert.deepEqual(await api.status(user), before);
      assert.notEqual((await knock(api.signedInAgo(user, WINDOW - SECOND), token)).status, 403);
    });

    test(`is ${always ? "refused" : "allowed"} after an old sign-in where there is no second factor yet`, async () => {
      const answer = await knock(api.signedInAgo(await service.addUser(), WINDOW));
      if (always) assertNotRecent(answer);
      else assertFine(answer);
    });

    test("is refused once two hours have passed since a fresh sign-in, with the same token", async () => {
      const user = await service.addUser();
      await api.enrol(user);
      const headers = api.person(user);
      await api.advance(WINDOW);
      assertNotRecent(await knock(headers));
    });
  });
}

describe("another e-mail", () => {
  const NEW = "new@residents.example";

  for (const [
    who,
    prepare,
    asking,
  ] of /** @type {[string, (user: any) => Promise<unknown>, (user: any, agoMs: number) => any][]} */ ([
    ["a user", async () => {}, (user, agoMs) => api.signedInAgo(user, agoMs)],
    ["a user with a second factor", (user) => api.enrol(user), (user, agoMs) => api.signedInAgo(user, agoMs, { amr: ["mfa"] })],
    ["an administrator", async () => {}, (_, agoMs) => api.administrator({ auth_time: seconds(api.now - agoMs) })],
  ])) {
    test(`is asked for by ${who} within two hours of signing in; later, nothing of the request is done`, async () => {
      const user = await service.addUser();
      await prepare(user);
      const before = await api.user(user);
      const state = async () => [
        await service.sql("SELECT * FROM profiles"),
        await service.sql("SELECT * FROM notices"),
        await service.audit(),
      ];
      const known = await state();
      for (const body of [{ email: NEW }, { first_name: "Ada", email: NEW, notification_settings: { digest: true } }]) {
        const answer = await api.patch(asking(user, WINDOW), body, who === "an administrator" ? user.id : "@me");
        assertNotRecent(answer);
        assert.equal(answer.headers["x-d1-rows-written"], "0");
      }
      assert.deepEqual(await state(), known);
      assert.deepEqual(await api.user(user), before);
      const after = assertUser(
        await api.patch(
          asking(user, WINDOW - SECOND),
          { first_name: "Ada", email: NEW },
          who === "an administrator" ? user.id : "@me",
        ),
      );
      assert.deepEqual(after, { ...before, first_name: "Ada", pending_email: NEW });
    });
  }

  test("that is the present one needs no recent sign-in, and neither do the other fields", async () => {
    const user = await service.addUser({ email: "Ada@residents.example" });
    const longAgo = api.signedInAgo(user, 30 * WINDOW);
    for (const [index, email] of [user.email, "ada@RESIDENTS.example"].entries()) {
      const { first_name, pending_email } = assertUser(await api.patch(longAgo, { first_name: `Ada ${index}`, email }));
      assert.deepEqual([first_name, pending_email], [`Ada ${index}`, null]);
    }
  });
});

test("everything else needs no recent sign-in", async () => {
  const user = await service.addUser();
  await api.enrol(user);
  const longAgo = api.signedInAgo(user, 30 * WINDOW);
  await api.user(longAgo);
  await api.status(longAgo);
  assertUser(await api.patch(longAgo, { first_name: "Ada", theme_mode: "dark" }));
  assertFine(await api.post(longAgo, "push_tokens", { token: "a-device", platform: "ios" }));
});
