/** Another e-mail: asked for, confirmed with its token, taken back. The token is read where its owner would: in the notice. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import {
  Accounts,
  assertFine,
  assertInvalid,
  assertNotRecent,
  assertUser,
  DAY,
  HOUR,
  MINUTE,
  pathTo,
  SECOND,
} from "./support/accounts.mjs";
import { receiverForThisFile } from "./support/notices.mjs";
import { serviceForThisFile } from "./support/service.mjs";
import { until } from "./support/until.mjs";

/** @import { Caller, Person } from "./support/accounts.mjs" */
/** @import { Answer } from "./support/http.mjs" */

const receiver = await receiverForThisFile();
const service = await serviceForThisFile({ instrumented: true, ...receiver.settings });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const NEW = "new.ada@residents.example";
const TAKEN = "There is already an account with this email address.";

/**
 * Asks for an e-mail.
 * @param {Person} user
 * @param {string | null} email
 * @returns {Promise<string>} the token that was sent to it
 */
async function ask(user, email) {
  const sent = () => receiver.notices("email_change_verification").filter((notice) => notice.userId === user.id);
  const before = sent().length;
  assert.equal(assertUser(await api.patch(user, { email })).pending_email, email);
  await until(() => sent().length > before, "the token");
  assert.equal(sent().at(-1)?.to, email);
  const token = String(sent().at(-1)?.data.token);
  service.keepsConfidential(token);
  return token;
}

/** @param {{id: string}} user @param {string} token */
const confirm = (user, token) => service.call("POST", pathTo("", "verify_email"), { json: { uuid: user.id, token } });
/** @param {Caller} caller */
const cancel = (caller) => api.call("PATCH", caller, pathTo("", "cancel_email_change_request"));
/** @param {Answer} answer @param {string} [what] */
const assertDead = (answer, what) =>
  assertInvalid(answer, "invalid_token", "token", "This verification token is invalid or has expired.", what);
/** @param {Caller} user */
const emails = async (user) => {
  const { email, pending_email, is_email_verified } = await api.user(user);
  return [email, pending_email, is_email_verified];
};
/** What the trail tells of the e-mail; the cron trigger that delivers notices makes the user's 3dEye account as well. */
const trail = async () =>
  (await service.audit()).map(({ action }) => action).filter((action) => action.startsWith("email_change."));
/** Who was told what. */
const told = () =>
  receiver
    .notices()
    .map(({ type, to }) => [type, to])
    .sort();
/** @param {{id: string}} user */
const inDatabase = async (user) => (await service.sql("SELECT email FROM users WHERE uuid = ?", user.id))[0].email;

describe("another e-mail", () => {
  test("is pending until its token is shown, and in force from then on", async () => {
    const user = await service.addUser();
    const token = await ask(user, NEW);
    assert.deepEqual(await emails(user), [user.email, NEW, null]);
    assert.equal(await inDatabase(user), user.email);

    assertFine(await confirm(user, token), { success: true });
    assert.deepEqual(await emails(user), [NEW, null, true]);
    assert.equal(await inDatabase(user), NEW);
    assertDead(await confirm(user, token), "used");

    await until(() => receiver.notices("email_changed").length > 0, "the warning");
    const told = receiver
      .notices()
      .map(({ type, to, data }) => [type, to, Object.keys(data)])
      .sort();
    assert.deepEqual(told, [
      ["email_change_requested", user.email, []],
      ["email_change_verification", NEW, ["token"]],
      ["email_changed", user.email, []],
    ]);
    assert.deepEqual(await trail(), ["email_change.request", "email_change.confirm"]);
  });

  test("may be the first one of a user", async () => {
    const user = await service.addUser({ email: null, phone: "+4366012345" });
    assertFine(await confirm(user, await ask(user, NEW)), { success: true });
    assert.deepEqual(await emails(user), [NEW, null, true]);
    await until(() => receiver.notices("email_changed").length > 0, "the warning");
    assert.deepEqual(
      receiver.notices("email_changed").map(({ to }) => to),
      [NEW],
    );
  });

  test("is confirmed by its token alone, with or without a trailing slash", async () => {
    const user = await service.addUser();
    const json = { uuid: user.id, token: await ask(user, NEW) };
    assertFine(
      await service.call("POST", `${pathTo("", "verify_email")}/`, {
        json,
        headers: { authorization: "Bearer of.nothing.good" },
      }),
      { success: true },
    );
  });

  test("is asked for beside other changes, which take effect at once", async () => {
    const user = await service.addUser();
    const { first_name, email, pending_email } = assertUser(await api.patch(user, { first_name: "Ada", email: NEW }));
    assert.deepEqual([first_name, email, pending_email], ["Ada", user.email, NEW]);
  });

  test("stops being verified when another service writes another one", async () => {
    const user = await service.addUser();
    assertFine(await confirm(user, await ask(user, NEW)));
    await service.sql("UPDATE users SET email = 'third@residents.example' WHERE uuid = ?", user.id);
    assert.deepEqual(await emails(user), ["third@residents.example", null, null]);
  });

  test("that is the present one is no change", async () => {
    const user = await service.addUser({ email: "Ada@residents.example" });
    for (const email of [user.email, ` ${user.email} `, "ada@RESIDENTS.example"]) {
      assert.equal(assertUser(await api.patch(user, { email })).pending_email, null, email);
    }
    assert.deepEqual(await service.sql("SELECT id FROM notices"), []);
  });

  for (const spelt of [
    (/** @type {string} */ email) => email,
    (/** @type {string} */ email) => email.toUpperCase(),
    (/** @type {string} */ email) => ` ${email} `,
  ]) {
    test(`of another user is refused: ${spelt("x@y.example")}`, async () => {
      const [ada, bob] = [await service.addUser(), await service.addUser()];
      assertInvalid(await api.patch(ada, { email: spelt(bob.email) }), "invalid_input", "email", TAKEN);
      assert.deepEqual(await emails(ada), [ada.email, null, null]);
    });
  }

  test("that another user got in the meantime is not taken from them", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    const [hers, his] = [await ask(ada, NEW), await ask(bob, NEW)];
    assertFine(await confirm(bob, his), { success: true });
    assert.equal((await confirm(ada, hers)).status, 400);
    assert.deepEqual([await inDatabase(ada), await inDatabase(bob)], [ada.email, NEW]);
  });

  test("must look like one, in 254 characters at most", async () => {
    const user = await service.addUser();
    const long = `${"x".repeat(254 - "@y.example".length)}@y.example`;
    for (const email of [
      "ada",
      "ada@",
      "@y.example",
      "a b@y.example",
      "a@b@c",
      "ada@y.example\nBcc: all@y.example",
      "a\u0000@y.example",
      7,
      true,
      [],
      {},
    ]) {
      assertInvalid(await api.patch(user, { email }), "invalid_input", "email", undefined, JSON.stringify(email));
    }
    for (const email of ["", "  "]) assertInvalid(await api.patch(user, { email }), "blank", "email");
    assertInvalid(await api.patch(user, { email: null }), "null", "email");
    assertInvalid(
      await api.patch(user, { email: `x${long}` }),
      "max_length",
      "email",
      "Ensure this field has no more than 254 characters.",
    );
    assert.deepEqual(await emails(user), [user.email, null, null]);
    assert.deepEqual(await service.sql("SELECT id FROM notices"), []);
  });
});

describe("a token", () => {
  for (const [what, after, isGood] of /** @type {const} */ ([
    ["just under 24 h", DAY - SECOND, true],
    ["over 24 h", DAY + SECOND, false],
  ])) {
    test(`is ${isGood ? "good" : "dead"} after ${what}`, async () => {
      const user = await service.addUser();
      const token = await ask(user, NEW);
      await api.advance(after);
      const answer = await confirm(user, token);
      if (isGood) assertFine(answer, { success: true });
      else assertDead(answer);
      assert.equal((await api.user(user)).email, isGood ? NEW : user.email);
    });
  }

  test("dies when another e-mail is asked for, or the same one again", async () => {
    const user = await service.addUser();
    const tokens = [await ask(user, "first@residents.example"), await ask(user, NEW), await ask(user, NEW)];
    assert.equal(new Set(tokens).size, 3);
    for (const token of tokens.slice(0, 2)) assertDead(await confirm(user, token));
    assertFine(await confirm(user, tokens[2]));
    assert.equal((await api.user(user)).email, NEW);
  });

  test("and its warning, while not delivered yet, are replaced by those of the next e-mail", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    receiver.answers(503);
    assertUser(await api.patch(bob, { email: "bob.new@residents.example" }));
    for (const email of ["first@residents.example", "second@residents.example", NEW]) assertUser(await api.patch(ada, { email }));
    const kinds = await service.sql("SELECT type FROM notices WHERE user_id = ? ORDER BY type", ada.id);
    assert.deepEqual(
      kinds.map(({ type }) => type),
      ["email_change_requested", "email_change_verification"],
    );
    // Each was tried after its answer.
    await receiver.came(8);
    receiver.clear();
    await api.advance(10 * MINUTE);
    await service.scheduled();
    const ofAda = receiver
      .notices()
      .filter(({ userId }) => userId === ada.id)
      .map(({ type, to }) => [type, to])
      .sort();
    assert.deepEqual(ofAda, [
      ["email_change_requested", ada.email],
      ["email_change_verification", NEW],
    ]);
    assert.equal(receiver.deliveries.length, 4, "and bob's");
  });

  test("is good for its own user only, and only in its exact spelling", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    const [hers] = [await ask(ada, NEW), await ask(bob, "bob.new@residents.example")];
    assertDead(await confirm(bob, hers), "another's");
    assertDead(await confirm({ id: "nobody" }, hers), "unknown user's");
    for (const token of [
      `${hers}x`,
      hers.slice(1),
      hers.toUpperCase() === hers ? hers.toLowerCase() : hers.toUpperCase(),
      "x",
      "%",
    ])
      assertDead(await confirm(ada, token), token.length.toString());
    assert.equal(await inDatabase(bob), bob.email);
    assertFine(await confirm(ada, hers));
  });

  test("is long enough not to be guessed", async () => {
    const token = await ask(await service.addUser(), NEW);
    assert.ok(Buffer.from(token, "base64url").length >= 16, `${token.length} characters`);
  });

  test("of a user who was deleted is dead", async () => {
    const user = await service.addUser();
    const token = await ask(user, NEW);
    await service.sql("DELETE FROM users WHERE uuid = ?", user.id);
    assertDead(await confirm(user, token));
  });
});

describe("taking an e-mail change back", () => {
  test("kills the token, and can be done once", async () => {
    const user = await service.addUser();
    const token = await ask(user, NEW);
    assert.equal(assertUser(await cancel(user)).pending_email, null);
    assertDead(await confirm(user, token));
    assert.deepEqual(await emails(user), [user.email, null, null]);
    assertInvalid(await cancel(user), "email_change_request_not_found", null, "No active email change requests found.");
    assert.deepEqual(await trail(), ["email_change.request", "email_change.cancel"]);
  });

  test("takes this user's token out of the outbox, and leaves the warning: the change was asked for", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    receiver.answers(503);
    assertUser(await api.patch(bob, { email: "bob.new@residents.example" }));
    assertUser(await api.patch(ada, { email: NEW }));
    // Each was tried after its answer.
    await receiver.came(4);
    assertUser(await cancel(ada));
    receiver.clear();
    await api.advance(10 * MINUTE);
    await service.scheduled();
    const expected = [
      ["email_change_requested", ada.email],
      ["email_change_requested", bob.email],
      ["email_change_verification", "bob.new@residents.example"],
    ];
    assert.deepEqual(told(), expected.sort());
  });

  test("finds nothing where nothing was asked for, where it was confirmed, and where it has run out", async () => {
    const user = await service.addUser();
    const assertNone = async () => assertInvalid(await cancel(user), "email_change_request_not_found", null);
    await assertNone();
    assertFine(await confirm(user, await ask(user, NEW)));
    await assertNone();
    await ask(user, "third@residents.example");
    await api.advance(DAY + SECOND);
    await assertNone();
    assert.equal((await api.user(user)).pending_email, null, "what has run out is not shown");
  });

  test("needs a recent sign-in, and leaves other users' changes alone", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    const hers = await ask(ada, NEW);
    await ask(bob, "bob.new@residents.example");
    assertNotRecent(await cancel(api.signedInAgo(ada, 2 * HOUR)));
    assertUser(await cancel(bob));
    assertFine(await confirm(ada, hers));
  });
});
