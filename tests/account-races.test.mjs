/**
 * What must hold when many call at once, on a real D1: a code is good once, a lock counts every failure, a push token has
 * one owner. Any of the calls may win, but one must.
 */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import {
  Accounts,
  assertFine,
  assertLocked,
  assertNothing,
  pathTo,
  SECOND,
  totp,
  wrongBackupCode,
  wrongTotp,
} from "./support/accounts.mjs";
import { receiverForThisFile } from "./support/notices.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Answer } from "./support/http.mjs" */
/** @import { Caller, Factor } from "./support/accounts.mjs" */

const MANY = 50;

const receiver = await receiverForThisFile();
const service = await serviceForThisFile({ instrumented: true, ...receiver.settings });
const api = new Accounts(service);
beforeEach(() => api.freeze());

/** Calls that are under way together. @template T @param {number} count @param {(index: number) => Promise<T>} call */
const atOnce = (count, call) => Promise.all(Array.from({ length: count }, (_, index) => call(index)));

/** How often each status and, of an error, its code came. @param {import("./support/http.mjs").Answer[]} answers */
function tally(answers) {
  const counts = /** @type {Record<string, number>} */ ({});
  for (const { status, json } of answers) {
    const name = [status, json?.code].filter(Boolean).join(" ");
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Exactly one got in, and nothing but refusals besides. @param {Answer[]} answers */
function assertOneWon(answers, refusals = ["400 token_invalid", "429 throttled"]) {
  const counts = tally(answers);
  assert.equal(counts["200"], 1, JSON.stringify(counts));
  assert.deepEqual(
    Object.keys(counts).filter((name) => !["200", ...refusals].includes(name)),
    [],
  );
}

/** @param {Caller} user @param {string} token */
const verifyAtOnce = (user, token, count = MANY) => atOnce(count, () => api.verify(user, token));
/** @param {{id: string}} user @param {string} action */
const trailOf = async (user, action) => (await service.audit()).filter((row) => row.subject === user.id && row.action === action);

async function enrolled() {
  const user = await service.addUser();
  return { user, ...(await api.enrol(user)) };
}

describe("a code of the authenticator", () => {
  test("is accepted once", async () => {
    const { user, secret } = await enrolled();
    assertOneWon(await verifyAtOnce(user, totp(secret, api.now)));
  });

  test("is accepted once when two codes are good at the moment", async () => {
    const { user, secret } = await enrolled();
    const codes = [0, 1].map((steps) => totp(secret, api.now + steps * 30 * SECOND));
    const answers = await atOnce(MANY, (index) => api.verify(user, codes[index % 2]));
    const won = answers.filter(({ status }) => status === 200).length;
    assert.ok(won === 1 || won === 2, JSON.stringify(tally(answers)));
    for (const parity of [0, 1])
      assert.ok(answers.filter(({ status }, index) => status === 200 && index % 2 === parity).length <= 1);
  });

  test("enrols once", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    const answers = await atOnce(MANY, () => api.post(user, "two_factor_validate", { token: totp(secret, api.now) }));
    assertOneWon(answers, ["400 token_invalid", "400 setup_expired", "429 throttled"]);
    assert.equal((await api.status(user)).is_enabled, true);
    assert.equal((await trailOf(user, "two_factor.enable")).length, 1);
    await receiver.came(1, "two_factor_enabled");
    await service.scheduled();
    assert.equal(receiver.notices("two_factor_enabled").length, 1);
  });

  test("that enrols is refused for verification at the same moment", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    const token = totp(secret, api.now);
    const answers = await atOnce(MANY, (index) =>
      api.post(user, index % 2 ? "two_factor_verify" : "two_factor_validate", { token }),
    );
    assert.equal(answers.filter(({ status }, index) => status === 200 && index % 2 === 1).length, 0, "nothing was verified");
    // Those that came first may have locked the right one out.
    const won = answers.filter(({ status }) => status === 200).length;
    assert.ok(won <= 1, JSON.stringify(tally(answers)));
    assert.equal((await api.status(user)).is_enabled, won === 1);
    await api.advance(29 * SECOND);
    assert.notEqual((await api.verify(user, token)).status, 200);
  });

  test("is either verified or turns the factor off", async () => {
    const { user, secret } = await enrolled();
    const token = totp(secret, api.now);
    const answers = await atOnce(MANY, (index) =>
      api.post(user, index % 2 ? "two_factor_verify" : "two_factor_disable", { token }),
    );
    const verified = answers.filter(({ status }, index) => status === 200 && index % 2 === 1).length;
    assert.ok(verified <= 1, JSON.stringify(tally(answers)));
    assert.equal((await api.status(user)).is_enabled, verified === 1);
    assert.equal((await trailOf(user, "two_factor.disable")).length, 1 - verified);
  });
});

test("of several set-ups begun at once, one is left", async () => {
  const user = await service.addUser();
  const begun = await atOnce(4, () => api.start(user));
  assert.equal(new Set(begun.map(({ secret }) => secret)).size, 4);
  const answers = [];
  for (const { secret } of begun) answers.push(await api.post(user, "two_factor_validate", { token: totp(secret, api.now) }));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1, JSON.stringify(tally(answers)));
});

describe("a backup code", () => {
  test("is accepted once, and told of once", async () => {
    const { user, codes } = await enrolled();
    assertOneWon(await verifyAtOnce(user, codes[4]));
    assert.equal((await api.status(user)).backup_codes_remaining, 9);
    assert.equal((await trailOf(user, "backup_code.use")).length, 1);
    await receiver.came(1, "backup_code_used");
    await service.scheduled();
    assert.equal(receiver.notices("backup_code_used").length, 1);
  });

  test("is accepted once by verification and turning off together", async () => {
    const { user, codes } = await enrolled();
    const answers = await atOnce(MANY, (index) =>
      api.post(user, index % 2 ? "two_factor_verify" : "two_factor_disable", { token: codes[0] }),
    );
    const verified = answers.filter(({ status }, index) => status === 200 && index % 2 === 1).length;
    assert.ok(verified <= 1, JSON.stringify(tally(answers)));
    assert.equal((await api.status(user)).is_enabled, verified === 1);
  });

  test("is counted right while all ten are tried at once", async () => {
    const { user, codes } = await enrolled();
    const answers = await atOnce(MANY, (index) => api.verify(user, codes[index % codes.length]));
    const won = codes.map(
      (_, own) => answers.filter(({ status }, index) => status === 200 && index % codes.length === own).length,
    );
    assert.ok(
      won.every((times) => times <= 1),
      JSON.stringify(won),
    );
    const { backup_codes: left, backup_codes_remaining: count } = await api.status(user);
    assert.equal(count, codes.length - won.reduce((sum, times) => sum + times));
    assert.deepEqual(
      left,
      codes.filter((_, own) => won[own] === 0),
    );
  });

  test("is good if it is of the one set that is left when many are made at once", async () => {
    const { user } = await enrolled();
    const sets = await atOnce(8, () => api.backupCodes(user));
    const { backup_codes: left } = await api.status(user);
    assert.equal(sets.filter((set) => JSON.stringify(set) === JSON.stringify(left)).length, 1);
    const dead = sets.find((set) => set[0] !== left[0]) ?? [];
    assert.equal((await api.verify(user, dead[0])).status, 400);
    assertFine(await api.verify(user, left[0]));
  });
});

describe("wrong codes", () => {
  /** How long so many refusals in a row lock. @param {number} refusals */
  const lockOf = (refusals) => Math.min(30 * 2 ** (refusals - 5), 3600);

  for (const [kind, wrong] of Object.entries({
    totp: (/** @type {Factor} */ { secret }) => wrongTotp(secret, api.now),
    "backup code": () => wrongBackupCode(),
  })) {
    test(`of kind ${kind} are all counted, and no more than five get a try`, async () => {
      const factor = await enrolled();
      const counts = tally(await atOnce(MANY, () => api.verify(factor.user, wrong(factor))));
      assert.deepEqual(counts, { "400 token_invalid": 5, "429 throttled": MANY - 5 });
      assertLocked(await api.verify(factor.user, wrong(factor)), lockOf(5));
      await api.advance(30 * SECOND);
      const more = tally(await atOnce(MANY, () => api.verify(factor.user, wrong(factor))));
      assert.deepEqual(more, { "400 token_invalid": 1, "429 throttled": MANY - 1 });
      assertLocked(await api.verify(factor.user, wrong(factor)), lockOf(6));
    });
  }

  test("of both kinds are counted apart", async () => {
    const factor = await enrolled();
    const tokens = [wrongTotp(factor.secret, api.now), wrongBackupCode()];
    const answers = await atOnce(MANY, (index) => api.verify(factor.user, tokens[index % 2]));
    assert.equal(tally(answers)["400 token_invalid"], 10);
    for (const token of tokens) assertLocked(await api.verify(factor.user, token), lockOf(5));
  });

  test("are counted together over all routes that take them", async () => {
    const { user, secret } = await enrolled();
    await api.start(user);
    const doors = ["two_factor_verify", "two_factor_disable", "two_factor_validate"];
    const wrong = wrongTotp(secret, api.now);
    const counts = tally(
      await atOnce(MANY, (index) => api.post(user, doors[index % doors.length], { token: wrong, current_token: wrong })),
    );
    assert.deepEqual(counts, { "400 token_invalid": 5, "429 throttled": MANY - 5 });
  });

  test("while enrolling are all counted", async () => {
    const user = await service.addUser();
    const { secret } = await api.start(user);
    const counts = tally(await atOnce(MANY, () => api.post(user, "two_factor_validate", { token: wrongTotp(secret, api.now) })));
    assert.deepEqual(counts, { "400 token_invalid": 5, "429 throttled": MANY - 5 });
    assertLocked(await api.post(user, "two_factor_validate", { token: totp(secret, api.now) }), lockOf(5));
  });
});

describe("push tokens", () => {
  /** @param {Caller} user @param {string} token */
  const register = (user, token) => api.post(user, "push_tokens", { token, platform: "ios" });
  const rows = async () => (await service.sql("SELECT user_id AS user FROM push_tokens")).map(({ user }) => user);

  test("one that two users register at once ends up with one of them", async () => {
    const people = [await service.addUser(), await service.addUser()];
    const answers = await atOnce(MANY, (index) => register(people[index % 2], "one-device"));
    assert.deepEqual(tally(answers), { 200: MANY });
    const owners = await rows();
    assert.equal(owners.length, 1);
    const [owner, other] = owners[0] === people[0].id ? people : people.toReversed();
    assertNothing(await api.post(other, "push_tokens/unregister", { token: "one-device" }));
    assert.deepEqual(await rows(), [owner.id]);
  });

  test("one that a user registers many times at once is kept once", async () => {
    const user = await service.addUser();
    const answers = await atOnce(MANY, () => register(user, "one-device"));
    assert.deepEqual(tally(answers), { 200: MANY });
    assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1, "and has one id");
    assert.deepEqual(await rows(), [user.id]);
  });

  test("no more than twenty are left, however many came at once", async () => {
    const user = await service.addUser();
    assert.deepEqual(tally(await atOnce(MANY, (index) => register(user, `device-${index}`))), { 200: MANY });
    assert.equal((await rows()).length, 20);
  });
});

test("one token of an e-mail change is good once, and its effect is told of once", async () => {
  const user = await service.addUser();
  const email = "new@residents.example";
  assertFine(await api.patch(user, { email }));
  const [{ data }] = await receiver.came(1, "email_change_verification");
  const answers = await atOnce(MANY, () =>
    service.call("POST", pathTo("", "verify_email"), { json: { uuid: user.id, token: data.token } }),
  );
  assert.deepEqual(tally(answers), { 200: 1, "400 invalid_token": MANY - 1 });
  assert.equal((await api.user(user)).email, email);
  await receiver.came(1, "email_changed");
  await service.scheduled();
  assert.equal(receiver.notices("email_changed").length, 1);
});

test("a scene has one dashboard when several are chosen at once", async () => {
  const user = await service.addUser();
  await api.joins(user, 7);
  const dashboards = [await api.dashboard(7, "A"), await api.dashboard(7, "B")];
  const answers = await atOnce(20, (index) =>
    api.post(user, "scene_personalisation", { scene: "Doors", dashboard: dashboards[index % 2] }),
  );
  assert.deepEqual(tally(answers), { 200: 20 });
  const { scene_personalisation: scenes } = await api.user(user);
  assert.deepEqual(
    scenes.map((/** @type {{scene: string}} */ { scene }) => scene),
    ["Doors"],
  );
  assert.ok(dashboards.includes(scenes[0].dashboard));
});
