/**
 * Who gets in where in the user-key API: every kind of caller at every route of it, as a table. Its refusals have a shape
 * of their own, and there is no 401 among them.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  addInstance,
  assertDetail,
  DENIED,
  EVERY_ROUTE,
  hashOf,
  keyHeaders,
  NO_KEY,
  NOT_FOUND,
  newProgramKey,
  newUserKey,
} from "./support/instances.mjs";
import { routes } from "./support/openapi.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true });

const ORDER = ["reset", "user", "own", "class"];
/** @type {Record<"denied" | "unknown" | "gone", [number, string]>} */
const VERDICTS = { denied: [403, DENIED], unknown: [403, NO_KEY], gone: [404, NOT_FOUND] };
const UNKNOWN = "unknown unknown unknown unknown";
const NOT_PERMITTED = "denied denied denied denied";
const ALL_BUT_OWN = "in in denied in";
const EVERYWHERE = "in in in in";

/** What a caller shows, and how it fares at the four routes of `home`, where the path names Ada. */
const CALLERS = /** @type {Record<string, [verdicts: string, (home: any, abroad: any) => Record<string, any>]>} */ ({
  "no keys": [NOT_PERMITTED, () => ({})],
  "empty keys": [NOT_PERMITTED, () => ({ "x-api-key": "", "x-user-key": "" })],
  "an unknown instance key": [UNKNOWN, () => ({ "x-api-key": newProgramKey() })],
  "an unknown account key": [UNKNOWN, () => ({ "x-api-key": newUserKey() })],
  "39 digits": [UNKNOWN, ({ account }) => ({ "x-api-key": account.full.key.slice(0, -1) })],
  "41 digits": [UNKNOWN, ({ account }) => ({ "x-api-key": `${account.full.key}0` })],
  "a digit that is none": [UNKNOWN, ({ account }) => ({ "x-api-key": `${account.full.key.slice(1)}g` })],
  "a hash instead of a key": [UNKNOWN, ({ account }) => ({ "x-api-key": hashOf(account.full.key) })],

  "an instance key": [NOT_PERMITTED, ({ program }) => keyHeaders(program.plain)],
  "an instance key with ignore_acl": [ALL_BUT_OWN, ({ program }) => keyHeaders(program.ignoreAcl)],
  "an instance key with allow_user_create": [NOT_PERMITTED, ({ program }) => keyHeaders(program.userCreate)],
  "an instance key with allow_group_create": [NOT_PERMITTED, ({ program }) => keyHeaders(program.groupCreate)],
  "an instance key with allow_anonymous_read": ["denied denied denied in", ({ program }) => keyHeaders(program.anonymousRead)],
  "an instance key with all flags but ignore_acl": [
    "denied denied denied in",
    ({ program }) => keyHeaders(program.allButIgnoreAcl),
  ],
  "an instance key with all flags": [ALL_BUT_OWN, ({ program }) => keyHeaders(program.allFlags)],
  "a revoked instance key": [UNKNOWN, ({ program }) => keyHeaders(program.revoked)],
  "a revoked instance key and a good user key": [UNKNOWN, ({ program, ada }) => keyHeaders(program.revoked, ada)],
  "another instance's key": [UNKNOWN, (_, { program }) => keyHeaders(program.ignoreAcl)],
  "another instance's key and its user's": [UNKNOWN, (_, { program, ada }) => keyHeaders(program.ignoreAcl, ada)],
  "another instance's key and a good user key": [UNKNOWN, ({ ada }, { program }) => keyHeaders(program.ignoreAcl, ada)],

  "an instance key and the user's": [EVERYWHERE, ({ program, ada }) => keyHeaders(program.plain, ada)],
  "an instance key with ignore_acl and the user's": [EVERYWHERE, ({ program, ada }) => keyHeaders(program.ignoreAcl, ada)],
  "an instance key with all flags but ignore_acl and the user's": [
    EVERYWHERE,
    ({ program, ada }) => keyHeaders(program.allButIgnoreAcl, ada),
  ],
  "an instance key and another user's": ["gone gone in in", ({ program, bob }) => keyHeaders(program.plain, bob)],
  "an instance key with ignore_acl and another user's": [
    "gone gone in in",
    ({ program, bob }) => keyHeaders(program.ignoreAcl, bob),
  ],
  "an instance key and an empty user key": [NOT_PERMITTED, ({ program }) => keyHeaders(program.plain, { key: "" })],
  "an instance key with ignore_acl and an empty user key": [
    ALL_BUT_OWN,
    ({ program }) => keyHeaders(program.ignoreAcl, { key: "" }),
  ],
  ...Object.fromEntries(
    ["plain", "ignoreAcl"].flatMap((flags) => {
      const beside =
        (/** @type {(home: any, abroad: any) => {key: string}} */ userKey) =>
        (/** @type {any} */ home, /** @type {any} */ abroad) =>
          keyHeaders(home.program[flags], userKey(home, abroad));
      return [
        [`an instance key (${flags}) and a user key of another instance`, [UNKNOWN, beside((_, { ada }) => ada)]],
        [`an instance key (${flags}) and an unknown user key`, [UNKNOWN, beside(() => ({ key: newUserKey() }))]],
        [`an instance key (${flags}) and an odd user key`, [UNKNOWN, beside(() => ({ key: newProgramKey() }))]],
        [`an instance key (${flags}) and itself as user key`, [UNKNOWN, beside(({ program }) => program[flags])]],
        [`an instance key (${flags}) and an account key as user key`, [UNKNOWN, beside(({ account }) => account.full)]],
        [`an instance key (${flags}) and half a user key`, [UNKNOWN, beside(({ ada }) => ({ key: ada.key.slice(20) }))]],
      ];
    }),
  ),

  "an account key": [ALL_BUT_OWN, ({ account }) => keyHeaders(account.full)],
  "an account key that may write": [ALL_BUT_OWN, ({ account }) => keyHeaders(account.write)],
  "an account key that may read": ["denied in denied in", ({ account }) => keyHeaders(account.read)],
  "a revoked account key": [UNKNOWN, ({ account }) => keyHeaders(account.revoked)],
  "another instance's account key": [UNKNOWN, (_, { account }) => keyHeaders(account.full)],
  "an account key and the user's": [ALL_BUT_OWN, ({ account, ada }) => keyHeaders(account.full, ada)],
  "an account key and another user's": [ALL_BUT_OWN, ({ account, bob }) => keyHeaders(account.full, bob)],
  "an account key that may read and the user's": ["denied in denied in", ({ account, ada }) => keyHeaders(account.read, ada)],
  "an account key and an unknown user key": [ALL_BUT_OWN, ({ account }) => keyHeaders(account.full, { key: newUserKey() })],
  "an account key and an odd user key": [ALL_BUT_OWN, ({ account }) => keyHeaders(account.write, { key: newProgramKey() })],
  "an account key and a user key of another instance": [ALL_BUT_OWN, ({ account }, { ada }) => keyHeaders(account.full, ada)],

  "a user key alone": [NOT_PERMITTED, ({ ada }) => keyHeaders(undefined, ada)],
  "an unknown user key alone": [UNKNOWN, () => keyHeaders(undefined, { key: newUserKey() })],
  "an odd user key alone": [UNKNOWN, () => keyHeaders(undefined, { key: newProgramKey() })],
  "a user key as API key": [NOT_PERMITTED, ({ ada }) => keyHeaders(ada)],
  "a user key as both": [NOT_PERMITTED, ({ ada }) => keyHeaders(ada, ada)],
  "another instance's user key as API key": [UNKNOWN, (_, { ada }) => keyHeaders(ada)],

  "the admin pair": [UNKNOWN, () => service.adminPair()],
  "the admin key alone": [NOT_PERMITTED, () => ({ "x-admin-api-key": service.adminKey })],
  "the admin key as X-API-Key": [UNKNOWN, () => ({ "x-api-key": service.adminKey })],
  "a person's token": [UNKNOWN, () => service.personOf({ id: "somebody" })],
  "a person's API key": [UNKNOWN, () => ({ "x-api-key": `spk_${"A".repeat(43)}` })],
});

test("the routes tested here are all that openapi.json describes", () => {
  const described = routes
    .filter(({ access }) => access === "instance")
    .map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, "{}")}`);
  assert.deepEqual(described.sort(), EVERY_ROUTE.map(({ method, path }) => `${method} ${path("{}", "{}")}`).sort());
});

describe("callers", () => {
  for (const [who, [verdicts, headersOf]] of Object.entries(CALLERS)) {
    test(`${who}: ${verdicts}`, async () => {
      const [home, abroad] = [await addInstance(service), await addInstance(service)];
      for (const { name, method, path } of EVERY_ROUTE) {
        const verdict = verdicts.split(" ")[ORDER.indexOf(name)];
        const answer = await service.call(method, path(home.name, home.ada.id), { headers: headersOf(home, abroad) });
        const what = `${method} ${path("{}", "{}")}`;
        if (verdict !== "in") {
          const [status, detail] = VERDICTS[/** @type {keyof typeof VERDICTS} */ (verdict)];
          assertDetail(answer, status, detail, what);
          continue;
        }
        assert.equal(answer.status, 200, `${what}: ${answer.text}`);
        // A caller that shows Ada's key shows the new one from now on.
        if (name === "reset") home.ada.key = answer.json.user_key;
      }
      const resets = verdicts.startsWith("in") ? 2 : 0;
      assert.equal((await service.audit()).length, resets);
    });
  }
});

describe("one instance and another", () => {
  test("no key of one opens any route of the other, whatever user is beside it", async () => {
    const [home, abroad] = [await addInstance(service), await addInstance(service)];
    for (const key of [...Object.values(abroad.account), ...Object.values(abroad.program)]) {
      for (const user of [undefined, home.ada, abroad.ada]) {
        for (const { method, path } of EVERY_ROUTE) {
          assertDetail(await service.call(method, path(home.name, home.ada.id), { headers: keyHeaders(key, user) }), 403, NO_KEY);
        }
      }
    }
    assert.deepEqual(await service.audit(), []);
  });

  test("no user of one is to be found in the other, nor is its key any good there", async () => {
    const [home, abroad] = [await addInstance(service), await addInstance(service)];
    for (const { name, method, path } of EVERY_ROUTE) {
      const both = keyHeaders(home.program.ignoreAcl, abroad.ada);
      assertDetail(await service.call(method, path(home.name, abroad.ada.id), { headers: both }), 403, NO_KEY);
      if (["own", "class"].includes(name)) continue;
      for (const key of [home.account.full, home.program.ignoreAcl]) {
        assertDetail(await service.call(method, path(home.name, abroad.ada.id), { headers: keyHeaders(key) }), 404, NOT_FOUND);
      }
    }
    assert.deepEqual(await service.audit(), []);
  });
});

test("an odd key is no user key, even where a user has it", async () => {
  const { name, program, ada } = await addInstance(service);
  const odd = { key: newProgramKey() };
  await service.sql("UPDATE instance_users SET key_hash = ? WHERE id = ?", hashOf(odd.key), ada.id);
  for (const { method, path } of EVERY_ROUTE) {
    for (const key of [program.plain, program.ignoreAcl]) {
      assertDetail(await service.call(method, path(name, ada.id), { headers: keyHeaders(key, odd) }), 403, NO_KEY);
    }
  }
});

test("the log names a caller by the id of its key, and tells why it was turned away", async () => {
  const { name, account, program, ada } = await addInstance(service);
  /** @param {Record<string, string>} headers */
  const line = async (headers) =>
    service.lineOf(await service.call("GET", `/v1/instances/${name}/users/${ada.id}/`, { headers }));
  assert.equal((await line(keyHeaders(account.full)))["caller.name"], `account-key:${account.full.id}`);
  assert.equal((await line(keyHeaders(program.ignoreAcl)))["caller.name"], `instance-key:${program.ignoreAcl.id}`);
  assert.equal(
    (await line(keyHeaders(program.plain, ada)))["caller.name"],
    `instance-key:${program.plain.id} instance-user:${ada.id}`,
  );
  assert.equal((await line({}))["error.cause"], "instance_key_missing");
  assert.equal((await line(keyHeaders(program.plain)))["error.cause"], "instance_permission");
  assert.equal((await line({ "x-api-key": newUserKey() }))["error.cause"], "instance_key_unknown");
  const lost = (/** @type {Record<string, string>} */ headers) => service.call("GET", "/v1/instances/nowhere/user/", { headers });
  assert.equal((await service.lineOf(await lost(keyHeaders(account.full))))["error.cause"], "instance_unknown");
  assert.equal((await service.lineOf(await lost({})))["error.cause"], "instance_key_missing");
});
