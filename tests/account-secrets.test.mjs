/**
 * Nothing that is secret about an account rests in the clear: not in any table of D1, not in the audit trail, not in the log
 * (which is swept for all of it when this file ends), not in other callers' answers.
 */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertFine, assertUser, base32, MINUTE, pathTo, plain, STEP, totp } from "./support/accounts.mjs";
import { receiverForThisFile } from "./support/notices.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const receiver = await receiverForThisFile();
const service = await serviceForThisFile({ instrumented: true, ...receiver.settings });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const NEW = "new.ada@residents.example";
const DEVICE = "APA91bE-very-secret-device-token/1+2=";

/** Every row of every table, as text. Blobs as hexadecimal digits. */
async function dump() {
  const tables = await service.sql(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
  );
  assert.ok(tables.length > 10);
  const told = (/** @type {any} */ value) => (Array.isArray(value) ? Buffer.from(value).toString("hex") : value);
  const texts = [];
  for (const { name } of tables) {
    const rows = await service.sql(`SELECT * FROM ${name}`);
    texts.push([
      name,
      JSON.stringify(rows.map((row) => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, told(value)])))),
    ]);
  }
  return Object.fromEntries(texts);
}

/** A text in all the ways in which it would still be readable. @param {string} secret */
const formsOf = (secret) => {
  const bytes = Buffer.from(secret, "utf8");
  return [
    secret,
    bytes.toString("hex"),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    encodeURIComponent(secret),
  ];
};

/** @param {Record<string, string>} tables @param {Record<string, string[]>} secrets */
function assertNowhere(tables, secrets) {
  for (const [name, text] of Object.entries(tables)) {
    for (const [what, forms] of Object.entries(secrets)) {
      for (const form of forms) assert.ok(!text.toLowerCase().includes(form.toLowerCase()), `${name} holds ${what}`);
    }
  }
}

/** A whole life of an account, with everything in it that is secret. */
async function live() {
  const user = await service.addUser();
  const { secret, codes } = await api.enrol(user);
  const pending = await api.start(user);
  const unused = await api.start(await service.addUser());
  assertFine(await api.verify(user, totp(secret, api.now)));
  assertFine(await api.verify(user, codes[1]));
  for (const token of ["hunter2-hunter2", "wrong-pass-word"]) await api.verify(user, token);
  assertFine(await api.post(user, "push_tokens", { token: DEVICE, platform: "ios" }));
  assertUser(await api.patch(user, { email: NEW, first_name: "Ada" }));
  const key = await api.apiKey(["user:verify"], user);
  await api.verify(key, "hunter3-hunter3");
  return { user, codes, secrets: [secret, pending.secret, unused.secret], key: key.authorization.slice("Bearer ".length) };
}

/** @param {Awaited<ReturnType<typeof live>>} life @param {string[]} tokens of e-mails */
const secretsOf = ({ secrets, codes, key }, tokens) => ({
  "a TOTP secret": secrets.flatMap((secret) => [
    ...formsOf(secret),
    base32(secret).toString("hex"),
    base32(secret).toString("base64").replace(/=+$/, ""),
    base32(secret).toString("base64url"),
  ]),
  "a backup code": codes.flatMap((code) => [
    ...formsOf(code),
    ...formsOf(plain(code)),
    base32(plain(code).toUpperCase()).toString("hex"),
  ]),
  "a push token": formsOf(DEVICE),
  "an e-mail's token": tokens.flatMap(formsOf),
  "an API key": formsOf(key),
  "what was typed for a code": ["hunter2-hunter2", "hunter3-hunter3", "wrong-pass-word", "hunter2hunter2"].flatMap(formsOf),
});

describe("D1", () => {
  test("holds no secret in the clear, before notices are told and after", async () => {
    receiver.answers(503);
    const life = await live();
    const before = await dump();
    assert.match(before.second_factors, new RegExp(life.user.id), "and these tables were filled");
    assert.equal(JSON.parse(before.backup_codes).length, 10);
    assert.ok(JSON.parse(before.notices).length >= 3);
    // The token is known once it is told; what was stored before is looked at with it now.
    await receiver.came(JSON.parse(before.notices).length);
    receiver.clear();
    await api.advance(10 * MINUTE);
    await service.scheduled();
    const tokens = receiver.notices("email_change_verification").map(({ data }) => String(data.token));
    assert.equal(tokens.length, 1);
    service.keepsConfidential(...tokens, DEVICE, life.key, "hunter2-hunter2", "hunter3-hunter3", "wrong-pass-word");
    assertNowhere(before, secretsOf(life, tokens));
    assertNowhere(await dump(), secretsOf(life, tokens));
  });

  test("is looked through by a search that would find them", async () => {
    const life = await live();
    await service.sql(
      "UPDATE profiles SET settings = json_object('x', ?) WHERE user_id = ?",
      Buffer.from(plain(life.codes[0])).toString("base64"),
      life.user.id,
    );
    const tables = await dump();
    assert.throws(() => assertNowhere(tables, secretsOf(life, [])), /profiles holds a backup code/);
  });

  test("keeps what is sealed bound to its user", async () => {
    const [ada, mallory] = [await service.addUser(), await service.addUser()];
    const hers = await api.enrol(ada);
    const own = await api.enrol(mallory);
    await service.sql(
      "UPDATE second_factors SET secret_sealed = (SELECT secret_sealed FROM second_factors WHERE user_id = ?) WHERE user_id = ?",
      mallory.id,
      ada.id,
    );
    const answer = await api.verify(ada, totp(own.secret, api.now));
    assert.notEqual(answer.status, 200, "another's sealed secret opens nothing");
    assert.notEqual((await api.verify(ada, totp(hers.secret, api.now))).status, 200);
    await service.sql("UPDATE backup_codes SET code_sealed = 'x' WHERE user_id = ?", mallory.id);
    assert.ok(!(await api.get(mallory, "two_factor_status")).text.includes(own.codes[0]));
  });

  test("has other hashes for one backup code of two users", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    await api.enrol(ada);
    await api.enrol(bob);
    const hashes = await service.sql("SELECT code_hash FROM backup_codes");
    assert.equal(new Set(hashes.map(({ code_hash: hash }) => hash)).size, 20);
  });
});

describe("the audit trail", () => {
  test("tells who did what to whom, and no secret, e-mail or value", async () => {
    const life = await live();
    const trail = JSON.stringify(await service.sql("SELECT * FROM audit_log"));
    assert.doesNotMatch(trail, /[^\s"'*]@/, "a masked e-mail at most");
    assertNowhere({ audit_log: trail }, secretsOf(life, []));
    const actions = (await service.audit()).filter(({ subject }) => subject === life.user.id).map(({ action }) => action);
    for (const action of [
      "two_factor.start",
      "two_factor.enable",
      "backup_codes.generate",
      "backup_code.use",
      "push_token.register",
      "email_change.request",
      "profile.update",
    ]) {
      assert.ok(actions.includes(action), `${action} is missing in ${actions}`);
    }
  });
});

describe("answers", () => {
  test("to support tell nothing that the user alone may know", async () => {
    const life = await live();
    const texts = [];
    for (const action of ["", "two_factor_status"]) texts.push((await api.get(api.staff(), action, life.user.id)).text);
    texts.push(
      (await service.diagnose(life.user)).text,
      (await api.post(api.administrator(), "two_factor_backup_codes", {}, life.user.id)).text,
    );
    assertNowhere({ answers: texts.join() }, secretsOf(life, []));
  });

  test("to oneself show the codes left and nothing else that is secret", async () => {
    const life = await live();
    const { "a backup code": _, ...others } = secretsOf(life, []);
    const texts = [];
    for (const action of ["", "two_factor_status"]) texts.push((await api.get(api.strong(life.user), action)).text);
    await api.advance(STEP);
    texts.push(
      (await api.patch(life.user, {})).text,
      (await api.post(life.user, "two_factor_verify", { token: life.codes[2] })).text,
    );
    assertNowhere({ answers: texts.join() }, others);
  });

  test("of refusals never repeat what was sent, but for a choice that is not valid", async () => {
    const user = await service.addUser();
    const typed = "correct horse battery staple";
    for (const [path, body] of /** @type {const} */ ([
      [pathTo("two_factor_verify"), { token: typed }],
      [pathTo("push_tokens"), { token: typed, platform: "blackberry" }],
      [pathTo("scene_personalisation"), { scene: "x", dashboard: typed }],
      [pathTo("", "verify_email"), { uuid: typed, token: typed }],
    ])) {
      const answer = await api.call("POST", user, path, body);
      assert.equal(answer.status, 400);
      assert.ok(!answer.text.includes("horse"), answer.text);
    }
    const { text, status } = await api.patch(user, { email: typed, theme_mode: "dark" });
    assert.deepEqual([status, text.includes("horse")], [400, false]);
  });
});
