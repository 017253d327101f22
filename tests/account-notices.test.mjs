/**
 * Notices to users: written with the change, delivered right after the answer, else by the cron trigger, signed, repeated
 * until the receiver accepts them, and not after that.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertFine, assertUser, DAY, MINUTE, pathTo, SECOND, totp, wrongBackupCode } from "./support/accounts.mjs";
import { receiverForThisFile } from "./support/notices.mjs";
import { servicesForThisFile } from "./support/service.mjs";
import { until } from "./support/until.mjs";

const { version: VERSION } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const receiver = await receiverForThisFile();
const { service, silent } = await servicesForThisFile({
  service: { instrumented: true, database: "shared", ...receiver.settings },
  silent: { instrumented: true, database: "shared" },
});
const [api, silentApi] = [new Accounts(service), new Accounts(silent)];
beforeEach(() => Promise.all([api.freeze(), silentApi.freeze()]));

const NEW = "new.ada@residents.example";
/** Notices that one tick delivers at most. */
const A_TICK = 50;
const waiting = async () => (await service.sql("SELECT count(*) AS n FROM notices"))[0].n;
const kinds = () => receiver.notices().map(({ type, to }) => [type, to]);

/** One change that causes a notice, which stays in the outbox: the service that makes it knows of no receiver. */
async function change(by = silentApi, over = silent) {
  const user = await over.addUser();
  const { secret } = await by.start(user);
  assertFine(await by.post(user, "two_factor_validate", { token: totp(secret, by.now) }));
  return user;
}

/** Notices put into the outbox as they lie there, of as many users. @param {number} count */
async function changes(count) {
  await change();
  const users = await service.addUsers(Array.from({ length: count - 1 }, () => ({})));
  await service.sql(
    `INSERT INTO notices (id, type, user_id, recipient, created_at, due_at)
     SELECT printf('ntc_%026d', person.key), one.type, person.value, 'x@residents.example', one.created_at, one.due_at
     FROM json_each(?) person, (SELECT * FROM notices LIMIT 1) one`,
    JSON.stringify(users.map(({ id }) => id)),
  );
}

describe("a delivery", () => {
  test("is one signed POST of the notice right after the answer, and nothing more", async () => {
    const elsewhere = await change();
    const user = await change(api, service);
    const createdAt = new Date(api.now).toISOString();
    await receiver.came(1);
    await until(async () => (await waiting()) === 1, "the settlement");
    const [
      {
        notice: { id, ...notice },
        ...how
      },
      ...more
    ] = receiver.deliveries;
    assert.deepEqual(more, []);
    assert.match(id, /^ntc_[0-9A-HJKMNP-TV-Z]{26}$/);
    assert.deepEqual(notice, { type: "two_factor_enabled", userId: user.id, to: user.email, createdAt, data: {} });
    assert.deepEqual(how, {
      genuine: true,
      method: "POST",
      contentType: "application/json",
      signedAt: api.now / SECOND,
      userAgent: `spkey-edge/${VERSION}`,
    });
    const left = await service.sql("SELECT user_id AS id FROM notices");
    assert.deepEqual(left, [{ id: elsewhere.id }], "no other notice leaves with it");
  });

  test("goes to the phone where there is no e-mail, and names no recipient where there is neither", async () => {
    for (const person of [
      { email: null, phone: "+4366012345" },
      { email: null },
      { email: "Both@residents.example", phone: "+4366012345" },
    ]) {
      const user = await service.addUser(person);
      const { secret } = await api.start(user);
      assertFine(await api.post(user, "two_factor_validate", { token: totp(secret, api.now) }));
    }
    await receiver.came(3);
    assert.deepEqual(
      receiver
        .notices()
        .map(({ to }) => to)
        .sort(),
      ["+4366012345", "Both@residents.example", null].sort(),
    );
  });

  test("of every kind comes from the change that it is about", async () => {
    const user = await service.addUser();
    const { secret, codes } = await api.enrol(user);
    assertFine(await api.verify(user, codes[0]));
    await receiver.came(2);
    const begun = await api.start(user);
    for (let failures = 0; failures < 5; failures++) await api.verify(user, wrongBackupCode());
    const unlocked = await service.admin("POST", `/admin/users/${user.id}/two-factor/unlock`);
    assert.equal(unlocked.status, 204, unlocked.text);
    assertFine(await api.post(api.strong(user), "two_factor_validate", { token: totp(begun.secret, api.now) }));
    assertFine(await api.post(api.administrator(), "two_factor_disable", {}, user.id));
    assertUser(await api.patch(user, { email: NEW }));
    await receiver.came(9);
    const [{ data }] = receiver.notices("email_change_verification");
    service.keepsConfidential(String(data.token));
    assertFine(await service.call("POST", pathTo("", "verify_email"), { json: { uuid: user.id, token: data.token } }));
    await receiver.came(10);
    const mine = (/** @type {string} */ type) => [type, user.email];
    assert.deepEqual(
      kinds().sort(),
      [
        mine("two_factor_enabled"),
        mine("two_factor_enabled"),
        mine("two_factor_disabled"),
        mine("two_factor_locked"),
        mine("two_factor_unlocked"),
        mine("backup_codes_created"),
        mine("backup_code_used"),
        mine("email_change_requested"),
        ["email_change_verification", NEW],
        mine("email_changed"),
      ].sort(),
    );
    assert.ok(secret !== begun.secret && receiver.deliveries.every(({ genuine }) => genuine));
    assert.equal(new Set(receiver.notices().map(({ id }) => id)).size, 10);
    for (const { type, data: told } of receiver.notices())
      assert.deepEqual(Object.keys(told), type === "email_change_verification" ? ["token"] : []);
  });

  test("is not made for a change that failed", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    await api.post(user, "two_factor_validate", { token: "x" });
    await api.verify(user, totp(secret, api.now));
    await api.post(user, "two_factor_disable");
    await api.patch(user, { email: "nothing" });
    assert.equal(await waiting(), 0);
  });
});

describe("while all is well", () => {
  test("no notice is delivered twice", async () => {
    await changes(5);
    for (const wait of [0, 10 * MINUTE, DAY]) {
      await api.advance(wait);
      await service.scheduled();
    }
    assert.equal(receiver.deliveries.length, 5);
  });

  test("triggers at the same time deliver each notice once", async () => {
    await changes(20);
    await Promise.all([service.scheduled(), service.scheduled(), service.scheduled()]);
    assert.equal(receiver.deliveries.length, 20);
    assert.equal(new Set(receiver.notices().map(({ id }) => id)).size, 20);
    assert.equal(await waiting(), 0);
  });

  test(`one tick delivers ${A_TICK} notices at most, and the next one the others`, async () => {
    await changes(A_TICK + 7);
    await service.scheduled();
    assert.equal(receiver.deliveries.length, A_TICK);
    await service.scheduled();
    assert.equal(receiver.deliveries.length, A_TICK + 7);
    assert.equal(new Set(receiver.notices().map(({ id }) => id)).size, A_TICK + 7);
  });
});

describe("when it goes wrong", () => {
  test("right after the answer, the cron trigger delivers the same notice once its wait is over", async () => {
    receiver.answers(503);
    await change(api, service);
    await receiver.came(1);
    const [refused] = receiver.notices();
    receiver.clear();
    await service.scheduled();
    await api.advance(10 * MINUTE);
    await service.scheduled();
    assert.deepEqual(receiver.notices(), [refused]);
    assert.equal(await waiting(), 0);
  });

  for (const [what, breakIt] of /** @type {[string, () => unknown][]} */ ([
    ["an answer of 500", () => receiver.answers(500)],
    ...[302, 307].map((status) => [`a redirection by ${status}`, () => receiver.answers(status, { location: receiver.url })]),
    ["a refused connection", () => receiver.goes()],
  ])) {
    test(`after ${what} the same notice is delivered again, once its wait is over`, async () => {
      await change();
      await breakIt();
      await service.scheduled();
      assert.equal(await waiting(), 1);
      const failed = receiver.notices();
      if (failed.length === 0) await receiver.returns();
      assert.ok(failed.length <= 1, "a redirection is not followed");
      receiver.clear();
      await service.scheduled();
      await api.advance(10 * MINUTE - SECOND);
      await service.scheduled();
      assert.deepEqual([...receiver.deliveries], [], "not before ten minutes are over");
      await api.advance(SECOND);
      await service.scheduled();
      const [{ notice, genuine, signedAt }, ...more] = receiver.deliveries;
      assert.deepEqual([genuine, signedAt, more], [true, api.now / SECOND, []], "signed anew");
      for (const before of failed) assert.deepEqual(notice, before);
      assert.equal(await waiting(), 0);
    });
  }

  test("a token that has run out is not delivered any more", async () => {
    const user = await service.addUser();
    assertUser(await silentApi.patch(user, { email: NEW }));
    await api.advance(DAY + SECOND);
    await service.scheduled();
    assert.deepEqual(kinds(), [["email_change_requested", user.email]]);
    assert.equal(await waiting(), 0);
  });

  test("a user who was deleted gets no notices", async () => {
    const user = await change();
    await service.sql("DELETE FROM users WHERE uuid = ?", user.id);
    await service.scheduled();
    assert.deepEqual(receiver.deliveries, []);
  });

  test("a change whose notice cannot be written is not made", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    await service.sql("CREATE TRIGGER no_notices BEFORE INSERT ON notices BEGIN SELECT RAISE(ABORT, 'no notices today'); END");
    try {
      assert.equal((await api.post(user, "two_factor_validate", { token: totp(secret, api.now) })).status, 500);
      assert.equal((await api.status(user)).is_enabled, false);
    } finally {
      await service.sql("DROP TRIGGER no_notices");
    }
    assertFine(await api.post(user, "two_factor_validate", { token: totp(secret, api.now) }));
    await receiver.came(1);
    await until(async () => (await waiting()) === 0, "the settlement");
  });
});

describe("without a receiver", () => {
  test("notices are kept, and delivered once there is one", async () => {
    await change();
    await silent.scheduled();
    await silentApi.advance(DAY);
    await silent.scheduled();
    assert.equal(await waiting(), 1);
    await service.scheduled();
    assert.deepEqual(
      receiver.notices().map(({ type }) => type),
      ["two_factor_enabled"],
    );
  });
});

// Last: a workerd that was killed has forgotten that its clock stands still.
test("a notice whose delivery was cut off by the end of the process is delivered by the next one", async () => {
  const user = await change();
  receiver.answers(undefined);
  const cut = service.scheduled().catch(() => {});
  await until(() => receiver.deliveries.length === 1, "the first delivery");
  await service.kill();
  await cut;
  assert.equal(await waiting(), 1);
  receiver.answers(200);
  await api.freeze();
  await service.scheduled();
  assert.equal(receiver.deliveries.length, 1, "it may yet have arrived");
  await api.advance(11 * MINUTE);
  await service.scheduled();
  const [first, second] = receiver.notices();
  assert.deepEqual(second, first);
  assert.equal(second.userId, user.id);
  assert.equal(await waiting(), 0);
});
