/** The second factor as a user lives with it: scan, verify, backup codes, turn off. The service's clock stands still unless it is moved. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import {
  Accounts,
  assertDenied,
  assertFine,
  assertInvalid,
  assertWrongToken,
  BACKUP_CODE,
  base32,
  HOUR,
  MINUTE,
  OWNER_ONLY,
  plain,
  SECOND,
  STEP,
  totp,
  wrongTotp,
} from "./support/accounts.mjs";
import { scan } from "./support/qr.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Answer } from "./support/http.mjs" */
/** @import { Caller } from "./support/accounts.mjs" */

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const DONE = { success: true };
/** @param {Answer} answer */
const assertExpired = (answer) =>
  assertInvalid(answer, "setup_expired", null, "2FA setup session expired. Please start setup again.");
/** @param {Caller} caller @param {string} token @param {string} [uuid] */
const validate = (caller, token, uuid) => api.post(caller, "two_factor_validate", { token }, uuid);
/** @param {Caller} caller @param {string} token @param {string} current */
const replace = (caller, token, current) => api.post(caller, "two_factor_validate", { token, current_token: current });
/** @param {Caller} caller @param {unknown} [body] @param {string} [uuid] */
const disable = (caller, body, uuid) => api.post(caller, "two_factor_disable", body, uuid);
/** @param {Caller} user */
const isOn = async (user) => (await api.status(user)).is_enabled;
/** @param {Record<string, unknown>} given */
const rest = ({ is_enabled, backup_codes, backup_codes_remaining, method, has_totp }) => ({
  is_enabled,
  backup_codes,
  backup_codes_remaining,
  method,
  has_totp,
});
const OFF = { is_enabled: false, backup_codes: [], backup_codes_remaining: 0, method: null, has_totp: false };

test("a user enrols by scanning, uses a code and a backup code, and turns it off again", async () => {
  const user = await service.addUser({ email: "Ada.Lovelace+doors@residents.example" });
  assert.deepEqual(rest(await api.status(user)), OFF);

  const begun = await api.start(user);
  const url = new URL(scan(begun.qr_svg));
  assert.equal(url.href, begun.otpauth_url);
  const { secret, ...parameters } = Object.fromEntries(url.searchParams);
  assert.equal(secret, begun.secret);
  assert.equal(await isOn(user), false, "scanned is not yet proved");

  assertFine(await validate(user, totp(secret, api.now)), DONE);
  assert.deepEqual(rest(await api.status(user)), { ...OFF, is_enabled: true, method: "TOTP", has_totp: true });
  assertWrongToken(await api.verify(user, totp(secret, api.now)), "the code that enrolled");
  assert.equal((await api.user(user)).is_2fa_enabled, true);
  assert.equal(parameters.issuer?.length > 0, true);

  const codes = await api.backupCodes(user);
  assertFine(await api.verify(user, await api.nextCode(secret)), { ...DONE, method: "totp" });
  assertFine(await api.verify(user, codes[3]), { ...DONE, method: "backup_code" });
  assertWrongToken(await api.verify(user, codes[3]), "used");
  assert.deepEqual(
    (await api.status(user)).backup_codes,
    codes.filter((code) => code !== codes[3]),
  );

  assertFine(await disable(user, { token: await api.nextCode(secret) }), DONE);
  assert.deepEqual(rest(await api.status(user)), OFF);
  for (const token of [await api.nextCode(secret), codes[0]])
    assertWrongToken(await api.verify(user, token), "of a factor that is off");

  const again = await api.enrol(user);
  assertWrongToken(await api.verify(user, totp(secret, api.now)), "of the factor before");
  assertWrongToken(await api.verify(user, codes[0]), "of the factor before");
  assertFine(await api.verify(user, totp(again.secret, api.now)));
});

for (const [start, proof] of [
  ["two_factor_start_setup/", "two_factor_validate/"],
  ["start_2fa_setup", "validate_2fa"],
  ["start_2fa_setup/", "validate_2fa/"],
]) {
  test(`${start} and ${proof} do the same`, async () => {
    const user = await service.addUser();
    const { secret } = assertFine(await api.get(user, start));
    assertFine(await api.post(user, proof, { token: totp(secret, api.now) }), DONE);
    assert.equal(await isOn(user), true);
  });
}

describe("the start of a set-up", () => {
  test("gives a secret, where an authenticator looks for it, and until when it is good", async () => {
    const user = await service.addUser({ email: "Grace O'Hopper+a&b@residents.example" });
    const begun = await api.start(user);
    assert.deepEqual(Object.keys(begun).sort(), ["expires_at", "otpauth_url", "qr_svg", "secret", "success"]);
    assert.equal(begun.success, true);
    assert.match(begun.secret, /^[A-Z2-7]{32}$/);
    assert.equal(base32(begun.secret).length, 20);
    assert.equal(Date.parse(begun.expires_at), api.now + 10 * MINUTE);
    assert.match(begun.qr_svg, /^(<\?xml[^>]*>\s*)?<svg\b/);
    assert.doesNotMatch(begun.qr_svg, /<script|href=/);

    const url = new URL(begun.otpauth_url);
    assert.deepEqual([url.protocol, url.host], ["otpauth:", "totp"]);
    // What the address leaves out has the values that every authenticator assumes.
    const { issuer, ...said } = Object.fromEntries(url.searchParams);
    assert.deepEqual(
      { algorithm: "SHA1", digits: "6", period: "30", ...said },
      { secret: begun.secret, algorithm: "SHA1", digits: "6", period: "30" },
    );
    assert.equal(decodeURIComponent(url.pathname), `/${issuer}:${user.email}`);
    assert.ok(!begun.otpauth_url.includes("+"), "which some authenticators take for a blank and others for a plus");
  });

  for (const [who, person] of Object.entries({
    "only a phone number": { email: null, phone: "+4366012345" },
    "neither e-mail nor phone": { email: null },
  })) {
    test(`works with ${who}`, async () => {
      const user = await service.addUser(person);
      const { secret, qr_svg, otpauth_url } = await api.start(user);
      assert.equal(scan(qr_svg), otpauth_url);
      assertFine(await validate(user, totp(secret, api.now)), DONE);
    });
  }

  test("is never the same twice", async () => {
    const [one, other] = [await service.addUser(), await service.addUser()];
    const secrets = [await api.start(one), await api.start(one), await api.start(other)].map(({ secret }) => secret);
    assert.equal(new Set(secrets).size, 3);
  });

  test("kills the set-up before it", async () => {
    const user = await service.addUser();
    const [first, second] = [await api.start(user), await api.start(user)];
    assertWrongToken(await validate(user, totp(first.secret, api.now)));
    assert.equal(await isOn(user), false);
    assertFine(await validate(user, totp(second.secret, api.now)), DONE);
  });

  test("acts on the caller, whatever user the path names", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    for (const uuid of [bob.id, ada.id, "nobody"]) {
      const { secret } = assertFine(await api.get(ada, "two_factor_start_setup", uuid));
      assertFine(await validate(ada, totp(secret, api.now)), DONE);
      assert.deepEqual([await isOn(ada), await isOn(bob)], [true, false]);
      assertFine(await disable(api.person(ada, { amr: ["mfa"] })), DONE);
      await api.advance(STEP);
    }
  });

  test("leaves a factor that is on in use until the new one is proved", async () => {
    const user = await service.addUser();
    const { secret } = await api.enrol(user);
    const begun = await api.start(user);
    assertFine(await api.verify(user, totp(secret, api.now)));
    assertWrongToken(await api.verify(user, totp(begun.secret, api.now)));
    await api.advance(STEP);
    const current = totp(secret, api.now);
    assertInvalid(await validate(user, totp(begun.secret, api.now)), "required", "current_token");
    assertInvalid(await replace(user, totp(begun.secret, api.now), wrongTotp(secret, api.now)), "token_invalid", "current_token");
    assertFine(await replace(user, totp(begun.secret, api.now), current), DONE);
    await api.advance(STEP);
    assertWrongToken(await api.verify(user, totp(secret, api.now)), "of the secret that was replaced");
    assertFine(await api.verify(user, totp(begun.secret, api.now)));
  });
});

describe("a pending set-up", () => {
  for (const [what, after, isGood] of /** @type {const} */ ([
    ["just under ten minutes", 10 * MINUTE - SECOND, true],
    ["over ten minutes", 10 * MINUTE + SECOND, false],
  ])) {
    test(`is ${isGood ? "good" : "gone"} after ${what}`, async () => {
      const user = await service.addUser();
      const { secret } = await api.start(user);
      await api.advance(after);
      const answer = await validate(user, totp(secret, api.now));
      if (isGood) assertFine(answer, DONE);
      else assertExpired(answer);
      assert.equal(await isOn(user), isGood);
    });
  }

  test("is good once", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    assertFine(await validate(user, totp(secret, api.now)), DONE);
    assertExpired(await validate(user, await api.nextCode(secret)));
  });

  test("outlives a wrong code", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    assertWrongToken(await validate(user, wrongTotp(secret, api.now)));
    assertFine(await validate(user, totp(secret, api.now)), DONE);
  });

  test("is the same one by the user's uuid and by the provider's subject", async () => {
    const user = await service.addUser({ subject: "auth0|ada" });
    const other = api.bearer({ sub: "auth0|ada" });
    for (const [one, two] of [
      [user, other],
      [other, user],
    ]) {
      const { secret } = await api.start(one);
      assertFine(await validate(two, totp(secret, api.now)), DONE);
      assertFine(await api.verify(one, await api.nextCode(secret)));
      assertFine(await disable(two, { token: await api.nextCode(secret) }), DONE);
      await api.advance(STEP);
    }
  });

  test("is the caller's own, also where staff name another user", async () => {
    const [ada, support] = [await service.addUser(), await service.addUser()];
    const { secret } = await api.start(ada);
    assertExpired(await validate(api.staff(support), totp(secret, api.now), ada.id));
    const own = await api.start(api.staff(support));
    assertFine(await validate(api.staff(support), totp(own.secret, api.now), ada.id), DONE);
    assert.deepEqual([await isOn(ada), await isOn(support)], [false, true]);
  });

  test("is not there where none was begun, and dies when the factor is turned off", async () => {
    const user = await service.addUser();
    assertExpired(await validate(user, "123456"));
    const { secret } = await api.start(user);
    assertFine(await disable(user), DONE);
    assertExpired(await validate(user, totp(secret, api.now)));
  });
});

describe("a code of the authenticator", () => {
  for (const [steps, isGood] of /** @type {const} */ ([
    [-2, false],
    [-1, true],
    [0, true],
    [1, true],
    [2, false],
  ])) {
    test(`of ${steps} steps from now is ${isGood ? "good once" : "no good"}`, async () => {
      const user = await service.addUser();
      const { secret } = await api.enrol(user);
      await api.advance(5 * STEP);
      const code = totp(secret, api.now + steps * STEP);
      if (isGood) assertFine(await api.verify(user, code), { ...DONE, method: "totp" });
      assertWrongToken(await api.verify(user, code));
    });
  }

  test("is no good any more once a later one was used", async () => {
    const user = await service.addUser();
    const { secret } = await api.enrol(user);
    await api.advance(5 * STEP);
    assertFine(await api.verify(user, totp(secret, api.now + STEP)));
    for (const at of [api.now, api.now - STEP, api.now + STEP]) assertWrongToken(await api.verify(user, totp(secret, at)));
  });

  test("is no good a second time, also when the clock was turned back", async () => {
    const user = await service.addUser();
    const { secret } = await api.enrol(user);
    assertFine(await api.verify(user, totp(secret, api.now)));
    await api.advance(-2 * STEP);
    for (const steps of [-1, 0, 1]) assertWrongToken(await api.verify(user, totp(secret, api.now + steps * STEP)));
  });

  test("may have blanks and dashes around and within it, and nothing else", async () => {
    const user = await service.addUser();
    const { secret } = await api.enrol(user);
    const code = totp(secret, api.now);
    const fullWidth = code.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
    for (const token of [`${code}0`, code.slice(1), `${code.slice(0, 3)}.${code.slice(3)}`, fullWidth])
      assertWrongToken(await api.verify(user, token), token);
    assertFine(await api.verify(user, ` \t${code}\n`));
    for (const separator of [" ", "-", "\u2013", "\u200b"]) {
      const shown = await api.nextCode(secret);
      assertFine(await api.verify(user, shown.slice(0, 3) + separator + shown.slice(3)), { ...DONE, method: "totp" });
    }
  });

  test("of one user is refused for another", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    const [hers] = [await api.enrol(ada), await api.enrol(bob)];
    for (const token of [totp(hers.secret, api.now), hers.codes[0]]) assertWrongToken(await api.verify(bob, token));
  });

  test("is refused where no factor is on", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    assertWrongToken(await api.verify(user, totp(secret, api.now)), "only pending");
    assertWrongToken(await api.verify(await service.addUser(), "123456"));
  });
});

describe("backup codes", () => {
  test("are ten, good once each, however they are typed", async () => {
    const user = await service.addUser();
    const { codes } = await api.enrol(user);
    assert.equal(new Set(codes).size, 10);
    for (const code of codes) assert.match(code, BACKUP_CODE);
    const spellings = [
      (/** @type {string} */ code) => code,
      plain,
      (/** @type {string} */ code) => code.toUpperCase(),
      (/** @type {string} */ code) => ` ${code.replaceAll("-", " ")} `,
      (/** @type {string} */ code) => plain(code).replace(/(.)/g, "$1-"),
      (/** @type {string} */ code) => code.replaceAll("-", "\u2011"),
      (/** @type {string} */ code) => `\ufeff${code.replaceAll("-", "\u200b\u2014")}`,
    ];
    for (const [index, code] of codes.entries()) {
      assertFine(await api.verify(user, spellings[index % spellings.length](code)), { ...DONE, method: "backup_code" });
      const { backup_codes: left, backup_codes_remaining: count } = await api.status(user);
      assert.deepEqual([left, count], [codes.slice(index + 1), 9 - index]);
    }
    for (const spell of spellings.slice(0, 4)) assertWrongToken(await api.verify(user, spell(codes[9])));
  });

  test("die when there are new ones", async () => {
    const user = await service.addUser();
    const { codes: old } = await api.enrol(user);
    const codes = await api.backupCodes(user);
    assert.deepEqual(
      codes.filter((code) => old.includes(code)),
      [],
    );
    assertWrongToken(await api.verify(user, old[0]));
    assertFine(await api.verify(user, codes[0]));
    assert.equal((await api.status(user)).backup_codes_remaining, 9);
  });

  test("are refused without a factor", async () => {
    const user = await service.addUser();
    const assertNone = async () =>
      assertInvalid(await api.post(user, "two_factor_backup_codes"), "2fa_not_enabled", null, "2FA must be enabled first");
    await assertNone();
    await api.start(user);
    await assertNone();
  });

  test("beyond the first take a proof, and a wrong one leaves the old ones", async () => {
    const user = await service.addUser();
    const { secret, codes } = await api.enrol(user);
    const more = (/** @type {unknown} */ body) => api.post(user, "two_factor_backup_codes", body);
    assertInvalid(await more({}), "required", "token");
    assertWrongToken(await more({ token: wrongTotp(secret, api.now) }));
    assert.deepEqual((await api.status(user)).backup_codes, codes);
    const { backup_codes: anew } = assertFine(await more({ token: codes[0] }));
    service.keepsConfidential(...anew, ...anew.map(plain));
    assert.deepEqual((await api.status(user)).backup_codes, anew);
  });

  test("are shown to their owner alone, and only shortly after signing in with the second factor", async () => {
    const user = await service.addUser();
    const { codes } = await api.enrol(user);
    const hidden = { is_enabled: true, backup_codes: [], backup_codes_remaining: 10, method: "TOTP", has_totp: true };
    const mfa = { amr: ["mfa"] };
    assert.deepEqual((await api.status(api.signedInAgo(user, 2 * HOUR - SECOND, mfa))).backup_codes, codes);
    assert.deepEqual(rest(await api.status(api.signedInAgo(user, 2 * HOUR, mfa))), hidden);
    for (const amr of [undefined, ["otp"]]) assert.deepEqual(rest(await api.status(api.person(user, { amr }))), hidden);
    assert.deepEqual(rest(await api.status(await api.apiKey(["user:verify"]), user.id)), hidden);
    assert.deepEqual(rest(await api.status(api.staff(), user.id)), hidden);
    assert.deepEqual(rest(await api.status(api.staff(await service.addUser()), user.id)), hidden);
    assertDenied(await api.post(api.administrator(), "two_factor_backup_codes", {}, user.id), OWNER_ONLY);
    assert.deepEqual(
      (await api.status(api.staff(user, mfa), user.id)).backup_codes,
      codes,
      "to staff their own, whatever the path says",
    );
    assert.deepEqual((await api.status(user)).backup_codes, codes, "and are still the same");
  });
});
