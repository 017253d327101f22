/** What the account API costs, counted: a GET one round trip to D1, a change one read and one batch. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, pathTo, totp, wrongBackupCode, wrongTotp } from "./support/accounts.mjs";
import { receiverForThisFile } from "./support/notices.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Answer } from "./support/http.mjs" */
/** @import { Person } from "./support/accounts.mjs" */

const receiver = await receiverForThisFile();
const service = await serviceForThisFile({ instrumented: true, ...receiver.settings });
const api = new Accounts(service);
beforeEach(() => api.freeze());

/** @param {Answer} answer */
const roundTrips = (answer) => Number(answer.headers["x-d1-round-trips"]);
const GET = 1;
const CHANGE = 2;
/** Claim and settlement of the notices that it wrote, for which the answer does not wait. */
const NOTIFIED = CHANGE + 2;

/** A user with everything there is: a team, twenty push tokens, scenes, a factor, an e-mail asked for. */
async function settled() {
  const user = await service.addUser();
  const factor = await api.enrol(user);
  await api.joins(user, 7);
  const dashboard = await api.dashboard(7);
  for (let index = 0; index < 20; index += 1) await api.post(user, "push_tokens", { token: `device-${index}`, platform: "ios" });
  await api.post(user, "scene_personalisation", { scene: "Doors", dashboard });
  await api.patch(user, { email: "new.ada@residents.example" });
  return { user, ...factor, dashboard };
}

/** A call of each kind, what it must answer and what it may cost. */
const CALLS = /** @type {Record<string, [number, number, (life: any) => any]>} */ ({
  "the full user": [200, GET, ({ user }) => api.get(user, "")],
  "the full user, by staff": [200, GET, ({ user }) => api.get(api.staff(), "", user.id)],
  "the status": [200, GET, ({ user }) => api.get(user, "two_factor_status")],
  "the status, by staff": [200, GET, ({ user }) => api.get(api.staff(), "two_factor_status", user.id)],
  "the start of a set-up": [200, GET, ({ user }) => api.get(user, "two_factor_start_setup")],
  "a profile": [200, CHANGE, ({ user }) => api.patch(user, { first_name: "Ada", notification_settings: { a: 1 } })],
  "an e-mail asked for": [200, NOTIFIED, ({ user }) => api.patch(user, { email: "other@residents.example", last_name: "x" })],
  "an e-mail taken back": [200, CHANGE, ({ user }) => api.call("PATCH", user, pathTo("", "cancel_email_change_request"))],
  "an e-mail confirmed": [
    200,
    NOTIFIED,
    async ({ user }) => {
      const [{ data }] = await receiver.came(1, "email_change_verification");
      const { token } = data;
      return service.call("POST", pathTo("", "verify_email"), { json: { uuid: user.id, token } });
    },
  ],
  "a push token": [200, CHANGE, ({ user }) => api.post(user, "push_tokens", { token: "device-20", platform: "web" })],
  "a push token dropped": [204, CHANGE, ({ user }) => api.post(user, "push_tokens/unregister", { token: "device-1" })],
  "a push token by a key": [
    200,
    CHANGE,
    async ({ user }) => api.post(await api.apiKey(["user:write"], user), "push_tokens", { token: "device-2", platform: "web" }),
  ],
  "a scene": [200, CHANGE, ({ user, dashboard }) => api.post(user, "scene_personalisation", { scene: "Alarms", dashboard })],
  "a code": [200, CHANGE, ({ user, secret }) => api.verify(user, totp(secret, api.now))],
  "a code, by an administrator": [
    200,
    CHANGE,
    ({ user, secret }) => api.verify(api.administrator(), totp(secret, api.now), user.id),
  ],
  "a code, by a key": [
    200,
    CHANGE,
    async ({ user, secret }) => api.verify(await api.apiKey(["user:verify"]), totp(secret, api.now), user.id),
  ],
  "a wrong code": [400, CHANGE, ({ user, secret }) => api.verify(user, wrongTotp(secret, api.now))],
  "a backup code": [200, NOTIFIED, ({ user, codes }) => api.verify(user, codes[0])],
  "a wrong backup code": [400, CHANGE, ({ user }) => api.verify(user, wrongBackupCode())],
  "new backup codes": [200, NOTIFIED, ({ user }) => api.post(api.strong(user), "two_factor_backup_codes")],
  "new backup codes, by a code": [
    200,
    NOTIFIED,
    ({ user, secret }) => api.post(user, "two_factor_backup_codes", { token: totp(secret, api.now) }),
  ],
  "the status, by a key": [
    200,
    CHANGE,
    async ({ user }) => api.get(await api.apiKey(["user:verify"]), "two_factor_status", user.id),
  ],
  "an unlock": [204, CHANGE, ({ user }) => service.admin("POST", `/admin/users/${user.id}/two-factor/unlock`)],
  "a set-up proved": [
    200,
    NOTIFIED,
    async ({ user, secret: current }) => {
      const { secret } = await api.start(user);
      const proof = { current_token: totp(current, api.now) };
      return api.post(user, "two_factor_validate", { token: totp(secret, api.now), ...proof });
    },
  ],
  "turning off with a code": [
    200,
    NOTIFIED,
    ({ user, secret }) => api.post(user, "two_factor_disable", { token: totp(secret, api.now) }),
  ],
  "turning off with a backup code": [
    200,
    NOTIFIED,
    ({ user, codes }) => api.post(user, "two_factor_disable", { token: codes[0] }),
  ],
  "turning off by support": [200, NOTIFIED, ({ user }) => api.post(api.administrator(), "two_factor_disable", {}, user.id)],
});

describe("round trips to D1", () => {
  for (const [what, [status, most, call]] of Object.entries(CALLS)) {
    test(`of ${what}: ${most} at most`, async () => {
      const answer = await call(await settled());
      assert.equal(answer.status, status, answer.text);
      assert.ok(roundTrips(answer) <= most && roundTrips(answer) > 0, `${roundTrips(answer)} round trips`);
    });
  }

  test("of callers who are refused: none without a token, one where a row is read", async () => {
    assert.equal(roundTrips(await service.call("GET", pathTo("two_factor_status"))), 0);
    assert.ok(roundTrips(await api.get(api.bearer({ sub: "nobody" }), "two_factor_status")) <= 1);
    assert.ok(roundTrips(await api.get(await service.addUser(), "two_factor_status", "another")) <= 1);
  });
});

test("a user among very many costs no more rows than one alone", async () => {
  /** @param {{user: Person, secret: string}} given */
  const rows = async ({ user, secret }) => {
    const answers = [
      await api.get(user, ""),
      await api.get(user, "two_factor_status"),
      await api.verify(user, totp(secret, api.now)),
    ];
    await api.advance(30_000);
    return answers.map(({ headers }) => Number(headers["x-d1-rows-read"]));
  };
  const life = await settled();
  const alone = await rows(life);
  await service.addUsers(Array.from({ length: 2_000 }, () => ({})));
  await service.sql("INSERT INTO second_factors (user_id) SELECT uuid FROM users WHERE true ON CONFLICT DO NOTHING");
  await service.sql("INSERT INTO profiles (user_id, updated_at) SELECT uuid, 1 FROM users WHERE true ON CONFLICT DO NOTHING");
  assert.deepEqual(await rows(life), alone);
  assert.ok(
    alone.every((count) => count > 0 && count < 100),
    String(alone),
  );
});
