/** What wants somebody who has signed in of late, and what does not. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertFine, assertNotRecent, assertUser, HOUR, pathTo, SECOND, totp } from "./support/accounts.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true, bare: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

/** The end of the window, seen from a sign-in. */
const WINDOW = 2 * HOUR;
const seconds = (/** @type {number} */ millis) => Math.floor(millis / SECOND);

/** By its path: the method, and whether it is so without a second factor as well. */
const SENSITIVE = /** @type {Record<string, [method: string, always: boolean]>} */ ({
  [pathTo("two_factor_validate")]: ["POST", true],
  [pathTo("validate_2fa")]: ["POST", true],
  [pathTo("two_factor_backup_codes")]: ["POST", true],
  [pathTo("two_factor_disable")]: ["POST", true],
  [pathTo("", "cancel_email_change_request")]: ["PATCH", true],
  [pathTo("two_factor_start_setup")]: ["GET", false],
  [pathTo("start_2fa_setup")]: ["GET", false],
});

for (const [path, [method, always]] of Object.entries(SENSITIVE)) {
  describe(`${method} ${path}`, () => {
    const knock = (/** @type {any} */ headers, token = "123456") => api.call(method, headers, path, method === "POST" ? { token } : undefined);

    test("is refused two hours after signing in, and not before", async () => {
      const user = await service.addUser();
      const { secret } = await api.enrol(user);
      const before = await api.status(user);
      const token = totp(secret, api.now);
      assertNotRecent(await knock(api.signedInAgo(user, WINDOW), token));
      assertNotRecent(await knock(api.signedInAgo(user, WINDOW, { amr: ["mfa"] }), token), "whatever it was done with");
      assertNotRecent(await knock(api.person(user, { iat: seconds(api.now - WINDOW) }), token), "iat counts where auth_time is not said");
      assertNotRecent(await knock(api.person(user, { iat: undefined }), token), "neither is said");
      assertNotRecent(await knock(api.person(user, { auth_time: 0 }), token), "long ago");
      assertNotRecent(await knock(api.staff(user, { auth_time: seconds(api.now - WINDOW) }), token), "as staff");
      assert.deepEqual(await api.status(user), before);
      for (const headers of [api.signedInAgo(user, WINDOW - SECOND), api.person(user, { iat: seconds(api.now - WINDOW + SECOND) })]) {
        assert.notEqual((await knock(headers, token)).status, 403);
      }
    });

    test(`is ${always ? "refused" : "free"} where there is no second factor yet`, async () => {
      const answer = await knock(api.signedInAgo(await service.addUser(), WINDOW));
      if (always) assertNotRecent(answer);
      else assertFine(answer);
    });

    test("waits for the window to move on: a token does not stay young", async () => {
      const user = await service.addUser();
      await api.enrol(user);
      const headers = api.person(user);
      await api.advance(WINDOW);
      assertNotRecent(await knock(headers));
    });
  });
}

test("all else is free", async () => {
  const user = await service.addUser();
  const { secret } = await api.enrol(user);
  const longAgo = api.signedInAgo(user, 30 * WINDOW);
  await api.user(longAgo);
  await api.status(longAgo);
  assertUser(await api.patch(longAgo, { first_name: "Ada", email: "new@residents.example" }));
  assertFine(await api.verify(longAgo, totp(secret, api.now)));
  assertFine(await api.post(longAgo, "push_tokens", { token: "a-device", platform: "ios" }));
});
