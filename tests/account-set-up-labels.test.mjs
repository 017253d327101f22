/** What a user is called in their authenticator, where e-mails and phone numbers are not what they should be: a set-up works all the same. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertFine, totp } from "./support/accounts.mjs";
import { scan } from "./support/qr.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

/** As other services may have written them. */
const PEOPLE = /** @type {Record<string, {email: string | null, phone?: string}>} */ ({
  "an e-mail of 243 emoji": { email: `${"😀".repeat(243)}@x.example` },
  "an e-mail of 3000 characters": { email: `${"x".repeat(3000 - "@x.example".length)}@x.example` },
  "an e-mail of 3000 characters that all need escapes": { email: "€".repeat(3000) },
  "an e-mail of colons": { email: ":::" },
  "an e-mail of blanks": { email: "   " },
  "an e-mail of colons beside a phone number": { email: ":", phone: "+4366012345" },
  "a phone number that is a colon": { email: null, phone: ":" },
  "a phone number of 3000 digits": { email: null, phone: "7".repeat(3000) },
});

describe("a set-up", () => {
  for (const [what, person] of Object.entries(PEOPLE)) {
    test(`can be scanned and proved with ${what}`, async () => {
      const user = await service.addUser(person);
      const { secret, qr_svg, otpauth_url } = await api.start(user);
      assert.equal(scan(qr_svg), otpauth_url);
      const { pathname, searchParams } = new URL(otpauth_url);
      assert.equal(searchParams.get("secret"), secret);
      const [issuer, label, ...more] = decodeURIComponent(pathname.slice(1)).split(":");
      assert.deepEqual([issuer, more], [searchParams.get("issuer"), []]);
      assert.notEqual(label.trim(), "");
      assertFine(await api.post(user, "two_factor_validate", { token: totp(secret, api.now) }), { success: true });
    });
  }
});
