/**
 * Account security under other settings than the usual ones: the sealing key is rotated or missing, the receiver of notices is
 * missing or unsafe, the policy of turning off is an unknown word.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { beforeEach, describe, test } from "node:test";

import {
  Accounts,
  assertFine,
  assertInvalid,
  assertProblem,
  assertUser,
  assertWrongToken,
  pathTo,
  STEP,
  totp,
} from "./support/accounts.mjs";
import { receiverForThisFile } from "./support/notices.mjs";
import { servicesForThisFile } from "./support/service.mjs";

const receiver = await receiverForThisFile();
const [oldKey, newKey] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
const database = "shared";
const instrumented = true;
const { vars, secrets } = receiver.settings;

const services = await servicesForThisFile({
  before: { instrumented, database, secrets: { CREDENTIALS_KEY: oldKey } },
  during: { instrumented, database, vars, secrets: { ...secrets, CREDENTIALS_KEY: newKey, CREDENTIALS_KEY_PREVIOUS: oldKey } },
  after: { instrumented, database, secrets: { CREDENTIALS_KEY: newKey } },
  keyless: { instrumented, database, secrets: { CREDENTIALS_KEY: undefined } },
  plainUrl: { instrumented, database, vars: { NOTIFY_WEBHOOK_URL: "http://notices.example/x" }, secrets },
  unsigned: { instrumented, database, vars, secrets: { NOTIFY_WEBHOOK_SECRET: undefined } },
  oddPolicy: { instrumented, database, vars: { TWO_FACTOR_DISABLE: "never" }, secrets: { CREDENTIALS_KEY: oldKey } },
});
const apis = /** @type {Record<keyof typeof services, Accounts>} */ (
  Object.fromEntries(Object.entries(services).map(([name, service]) => [name, new Accounts(service)]))
);
beforeEach(() => Promise.all(Object.values(apis).map((api) => api.freeze())));
const advance = (/** @type {number} */ by) => Promise.all(Object.values(apis).map((api) => api.advance(by)));

/** A user who has enrolled before the key was rotated; all clocks show the same. */
async function enrolled() {
  const user = await services.before.addUser();
  const factor = await apis.before.enrol(user);
  for (const [name, api] of Object.entries(apis)) if (name !== "before") await api.advance(STEP);
  return { user, ...factor };
}

describe("while the sealing key is rotated", () => {
  test("a factor from before still works", async () => {
    const { user, secret, codes } = await enrolled();
    assertFine(await apis.during.verify(user, totp(secret, apis.during.now)), { success: true, method: "totp" });
    assert.deepEqual((await apis.during.status(user)).backup_codes, codes);
    assertFine(await apis.during.verify(user, codes[0]), { success: true, method: "backup_code" });
    assertWrongToken(await apis.during.verify(user, codes[0]), "used");
    assertFine(await apis.during.post(user, "two_factor_disable", { token: codes[1] }));
  });

  test("a set-up from before can be proved, and is sealed anew", async () => {
    const user = await services.before.addUser();
    const { secret } = await apis.before.start(user);
    assertFine(await apis.during.post(user, "two_factor_validate", { token: totp(secret, apis.during.now) }));
    await advance(STEP);
    assertFine(await apis.after.verify(user, totp(secret, apis.after.now)));
  });

  test("a push token from before is still the same one", async () => {
    const user = await services.before.addUser();
    const register = (/** @type {Accounts} */ api) => api.post(user, "push_tokens", { token: "a-device", platform: "ios" });
    const [first, second] = [assertFine(await register(apis.before)), assertFine(await register(apis.during))];
    assert.equal(second.id, first.id);
  });

  test("a token of an e-mail change from before is delivered, and is good", async () => {
    const user = await services.before.addUser();
    assertUser(await apis.before.patch(user, { email: "new@residents.example" }));
    await services.during.scheduled();
    const [{ data }] = receiver.notices("email_change_verification");
    services.during.keepsConfidential(String(data.token));
    assertFine(await services.after.call("POST", pathTo("", "verify_email"), { json: { uuid: user.id, token: data.token } }));
  });
});

describe("when the key that sealed a factor is gone", () => {
  test("its codes are refused, and support can turn it off", async () => {
    const { user, secret, codes } = await enrolled();
    for (const token of [totp(secret, apis.after.now), codes[0]])
      assert.notEqual((await apis.after.verify(user, token)).status, 200);
    const { is_enabled, backup_codes, backup_codes_remaining } = await apis.after.status(user);
    assert.deepEqual(
      { is_enabled, backup_codes, backup_codes_remaining },
      { is_enabled: true, backup_codes: [], backup_codes_remaining: 10 },
    );
    assertFine(await apis.after.post(apis.after.administrator(), "two_factor_disable", {}, user.id));
    const anew = await apis.after.start(user);
    assertFine(await apis.after.post(user, "two_factor_validate", { token: totp(anew.secret, apis.after.now) }));
  });
});

describe("without a sealing key", () => {
  test("what would have to be sealed is refused, and the rest works", async () => {
    const user = await services.keyless.addUser();
    const api = apis.keyless;
    const refused = [
      await api.get(user, "two_factor_start_setup"),
      await api.post(user, "push_tokens", { token: "a-device", platform: "ios" }),
      await api.patch(user, { email: "new@residents.example" }),
    ];
    for (const answer of refused) {
      assert.ok(answer.status >= 500, answer.text);
      assertProblem(answer, answer.status, "server_error", "error");
    }
    assert.deepEqual(
      await services.keyless.sql(
        "SELECT user_id FROM second_factors UNION ALL SELECT user_id FROM push_tokens UNION ALL SELECT user_id FROM notices",
      ),
      [],
    );
    assert.equal(assertUser(await api.patch(user, { first_name: "Ada" })).first_name, "Ada");
    assert.equal((await api.status(user)).is_enabled, false);
  });
});

describe("notices", () => {
  for (const name of /** @type {const} */ (["plainUrl", "unsigned"])) {
    test(`are not sent where it cannot be done safely: ${name}`, async () => {
      await enrolled();
      await services[name].scheduled();
      assert.deepEqual(receiver.deliveries, []);
      assert.equal((await services.before.sql("SELECT id FROM notices")).length, 2, "and are kept");
      const { status, json } = await services[name].call("GET", "/health");
      assert.deepEqual([status, json.checks.configuration.status], [503, "invalid"]);
    });
  }
});

test("an unknown policy counts as the strict one", async () => {
  const { user } = await enrolled();
  assertInvalid(await apis.oddPolicy.post(user, "two_factor_disable"), "required", "token");
  assert.equal((await apis.oddPolicy.status(user)).is_enabled, true);
});
