/** Missing or malformed configuration fails closed, and /health says so. One Worker for each mistake. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { assertError } from "./support/errors.mjs";
import { servicesForThisFile } from "./support/service.mjs";

/** @import { Service } from "./support/service.mjs" */

const sealingKey = () => randomBytes(32).toString("base64");
const [oldKey, newKey] = [sealingKey(), sealingKey()];
const { version: VERSION } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const MIGRATIONS = readdirSync(new URL("../migrations", import.meta.url)).length;
const UNUSED_PORT = "http://127.0.0.1:9";

const services = await servicesForThisFile({
  complete: { secrets: { CREDENTIALS_KEY: oldKey }, database: "shared" },
  rotated: { secrets: { CREDENTIALS_KEY: newKey, CREDENTIALS_KEY_PREVIOUS: oldKey }, database: "shared" },
  forgetful: { secrets: { CREDENTIALS_KEY: newKey }, database: "shared" },
  withoutAdminKey: { secrets: { ADMIN_API_KEY: undefined, ADMIN_API_KEY_PREVIOUS: "the-previous-admin-key-of-old" } },
  blankAdminKey: { secrets: { ADMIN_API_KEY: "  " } },
  withoutIssuer: { vars: { JWT_ISSUER: undefined } },
  withoutAudience: { vars: { JWT_AUDIENCE: undefined } },
  withoutKeySet: { vars: { JWT_JWKS_URL: undefined } },
  plainKeySet: { vars: { JWT_JWKS_URL: "http://id.example/jwks.json" } },
  movedKeySet: {},
  unreachableKeySet: { vars: { JWT_JWKS_URL: `${UNUSED_PORT}/jwks.json` } },
  withoutSealingKey: { secrets: { CREDENTIALS_KEY: undefined } },
  shortSealingKey: { secrets: { CREDENTIALS_KEY: "c2hvcnQ=" } },
  withoutApiKey: { secrets: { THREEDEYE_API_KEY: undefined } },
  withoutCustomer: { vars: { THREEDEYE_CUSTOMER_ID: undefined } },
  plainUpstream: { vars: { THREEDEYE_BASE_URL: "http://admin-api.3deye.example/v3" } },
  malformedDialect: { vars: { THREEDEYE_DIALECT: '{"taken":{"status":[409]}}' } },
  halfLogin: { secrets: { THREEDEYE_PASSWORD: undefined } },
  withoutLogin: { secrets: { THREEDEYE_USERNAME: undefined, THREEDEYE_PASSWORD: undefined } },
  oddNumbers: {
    vars: { BACKFILL_CRON_LIMIT: "0", BACKFILL_MAX_TAKEOVERS: "many", THREEDEYE_PAGE_SIZE: "-1", THREEDEYE_TIMEOUT_MS: "1e3" },
  },
  namespacedEmail: { vars: { JWT_EMAIL_CLAIM: "https://spkey.co/email" } },
  otherDomains: { vars: { ADMIN_EMAIL_DOMAINS: " SpKey.co ,example.org,, " } },
  typed: { vars: { ADMIN_EMAIL_DOMAINS: ["spkey.co", "example.org"], BACKFILL_CRON_LIMIT: 0, JWT_AUTH_TIME: true } },
  typedAudience: { vars: { JWT_AUDIENCE: ["one", "other"] } },
  empty: { migrated: false },
});
const { complete } = services;

/** @param {Service} service */
const health = async (service) => {
  const answer = await service.call("GET", "/health");
  assert.equal(answer.headers["cache-control"], "no-store");
  return { status: answer.status, ...answer.json };
};
/** @param {Service} service @param {Record<string, unknown>} claims */
const withClaims = (service, claims) =>
  service.admin("GET", "/admin/api-keys", {
    headers: { authorization: `Bearer ${service.mint({ claims: { email_verified: true, ...claims } })}` },
  });

describe("/health", () => {
  test("is 200 when all is well, and needs no credentials", async () => {
    assert.deepEqual(await health(complete), {
      status: "ok",
      version: VERSION,
      schema: { built: MIGRATIONS, applied: MIGRATIONS },
      checks: {
        configuration: { status: "ok", problems: [] },
        database: "ok",
        migrations: "ok",
        scheduledRun: "none_yet",
        missingRateLimits: ["ADMIN_RATE_LIMITER", "AUTH_RATE_LIMITER", "PERSON_RATE_LIMITER"],
      },
    });
    assert.equal((await complete.call("GET", "/health")).status, 200);
  });

  test("tells of no secrets and no counts of users", async () => {
    await complete.addUsers(Array.from({ length: 37 }, () => ({})));
    for (const service of Object.values(services)) {
      const { text } = await service.call("GET", "/health");
      assert.doesNotMatch(text, /37/);
      for (const secret of [
        service.adminKey,
        service.customer,
        service.login.username,
        service.login.password,
        oldKey,
        newKey,
        "c2hvcnQ=",
        "the-previous-admin-key-of-old",
      ]) {
        assert.ok(!text.includes(secret));
      }
    }
  });

  for (const [name, problem] of Object.entries({
    withoutAdminKey: /^ADMIN_API_KEY\b/,
    blankAdminKey: /^ADMIN_API_KEY\b/,
    withoutIssuer: /^JWT_ISSUER\b/,
    withoutAudience: /^JWT_AUDIENCE\b/,
    withoutKeySet: /^JWT_JWKS_URL\b/,
    plainKeySet: /^JWT_JWKS_URL\b/,
    withoutSealingKey: /^CREDENTIALS_KEY\b/,
    shortSealingKey: /^CREDENTIALS_KEY\b/,
    plainUpstream: /^THREEDEYE_BASE_URL\b/,
    malformedDialect: /^THREEDEYE_DIALECT: taken\.status is not known/,
    halfLogin: /^THREEDEYE_USERNAME and THREEDEYE_PASSWORD\b/,
  })) {
    test(`is 503 and names the setting: ${name}`, async () => {
      const service = services[/** @type {keyof typeof services} */ (name)];
      const { status, checks } = await health(service);
      assert.equal(status, "degraded");
      assert.equal((await service.call("GET", "/health")).status, 503);
      assert.equal(checks.configuration.status, "invalid");
      assert.equal(checks.configuration.problems.length, 1, String(checks.configuration.problems));
      assert.match(checks.configuration.problems[0], problem);
    });
  }

  test("names every setting that is no valid number, and the defaults are used", async () => {
    const { checks } = await health(services.oddNumbers);
    assert.deepEqual(checks.configuration.problems.map((/** @type {string} */ problem) => problem.split(" ")[0]).sort(), [
      "BACKFILL_CRON_LIMIT",
      "BACKFILL_MAX_TAKEOVERS",
      "THREEDEYE_PAGE_SIZE",
      "THREEDEYE_TIMEOUT_MS",
    ]);
    const user = await services.oddNumbers.addUser();
    await services.oddNumbers.scheduled();
    await services.oddNumbers.assertProvisioned(user);
    assert.equal(services.oddNumbers.upstream().lists[0].query.pageSize, "500");
  });

  test("is 503 while the migrations are missing, or older than the Worker", async () => {
    const { status, checks } = await health(services.empty);
    assert.deepEqual([status, checks.database, checks.migrations], ["degraded", "ok", "missing"]);
    const [{ version }] = await complete.sql("SELECT max(version) AS version FROM schema_version");
    await complete.sql("UPDATE schema_version SET version = version - 1");
    try {
      assert.equal((await health(complete)).checks.migrations, "outdated");
      assert.equal((await complete.call("GET", "/health")).status, 503);
    } finally {
      await complete.sql("UPDATE schema_version SET version = ?", version);
    }
    assert.equal((await complete.call("GET", "/health")).status, 200);
  });

  /** @param {number} minutesAgo @param {string | number | null} status */
  const ledger = (minutesAgo, status, trigger = "cron") => {
    const startedAt = Date.now() - minutesAgo * 60_000;
    return complete.sql(
      "INSERT INTO provisioning_runs (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at) VALUES (?, ?, 'cron', 'req_x', ?, 50, ?)",
      `run_00${startedAt}`, // before all that the Worker makes
      trigger,
      status,
      startedAt,
    );
  };

  for (const [what, runs, word, status] of /** @type {[string, [number, string][], string, number][]} */ ([
    ["a run that ended well a moment ago", [[1, "completed"]], "ok", 200],
    ["a run of half an hour ago", [[30, "completed"]], "ok", 200],
    ["a run of an hour ago", [[60, "completed"]], "overdue", 503],
    ["a run that ended early", [[1, "ended_early"]], "failing", 503],
    ["a run that goes on", [[1, "running"]], "running", 200],
    ["a run that never ended", [[20, "running"]], "died", 503],
    [
      "a good run after a bad one",
      [
        [16, "ended_early"],
        [1, "completed"],
      ],
      "ok",
      200,
    ],
    [
      "a bad run after a good one",
      [
        [16, "completed"],
        [1, "ended_early"],
      ],
      "failing",
      503,
    ],
  ])) {
    test(`says ${word} of ${what}`, async () => {
      for (const [minutesAgo, state] of runs) await ledger(minutesAgo, state);
      assert.equal((await health(complete)).checks.scheduledRun, word);
      assert.equal((await complete.call("GET", "/health")).status, status);
    });
  }

  test("a manual run does not count as a scheduled one", async () => {
    await ledger(60, "completed");
    await ledger(1, "completed", "manual");
    assert.equal((await health(complete)).checks.scheduledRun, "overdue");
  });

  test("is ok again after the next scheduled run", async () => {
    await ledger(60, "completed");
    await complete.scheduled();
    assert.equal((await health(complete)).checks.scheduledRun, "ok");
  });
});

describe("without", () => {
  test("an admin key every administrator is refused, also with the previous key", async () => {
    for (const service of [services.withoutAdminKey, services.blankAdminKey]) {
      for (const key of [service.adminKey, "the-previous-admin-key-of-old", "", "  ", "undefined", "null"]) {
        assertError(await service.admin("GET", "/admin/api-keys", { headers: { "x-admin-api-key": key } }), 401);
      }
    }
  });

  test("an issuer, an audience or a key set no token is good", async () => {
    for (const name of /** @type {const} */ (["withoutIssuer", "withoutAudience", "withoutKeySet", "plainKeySet"])) {
      const service = services[name];
      assertError(await service.admin("GET", "/admin/api-keys"), 401);
      assertError(await withClaims(service, { email: "ada@smartphonekey.com", iss: undefined, aud: undefined }), 401);
      assertError(await service.credentials(await service.addUser()), 401);
      assert.deepEqual(service.upstream().keySets, []);
    }
  });

  test("a key set that can be fetched every token is 503", async () => {
    assertError(await services.unreachableKeySet.admin("GET", "/admin/api-keys"), 503);
    assertError(await services.unreachableKeySet.credentials("x"), 503);
  });

  test("a key set at the address given: no redirect is followed", async () => {
    const service = services.movedKeySet;
    service.sim.fault({
      match: { path: { regex: "^/.well-known/jwks.json$" } },
      times: "always",
      action: { status: 302, headers: { location: "/.well-known/jwks.json?again" } },
    });
    assertError(await service.admin("GET", "/admin/api-keys"), 503);
    assert.equal(service.upstream().keySets.length, 1);
  });

  test("a sealing key no account is made, for its password could not be kept", async () => {
    for (const service of [services.withoutSealingKey, services.shortSealingKey]) {
      const user = await service.addUser();
      assertError(await service.credentials(user), 500);
      assertError(await service.backfill(), 500);
      await service.scheduled();
      assert.deepEqual(service.sim.users(), []);
      assert.equal((await service.admin("GET", "/admin/api-keys")).status, 200, "what needs none goes on");
      assert.equal((await service.diagnose(user)).status, 200);
    }
  });

  test("migrations every route that needs them is a 500 that says nothing more", async () => {
    assertError(await services.empty.admin("GET", "/admin/api-keys"), 500);
    assertError(await services.empty.backfill(), 500);
    assertError(await services.empty.credentials("x"), 500);
  });
});

describe("3dEye not configured", () => {
  const NOT_CONFIGURED = "3dEye provisioning is not configured";

  for (const name of /** @type {const} */ ([
    "withoutApiKey",
    "withoutCustomer",
    "plainUpstream",
    "malformedDialect",
    "halfLogin",
  ])) {
    const service = services[name];

    test(`${name}: has its own answers`, async () => {
      const user = await service.addUser();
      assertError(await service.backfill(), 503, NOT_CONFIGURED);
      assertError(await service.credentials(user), 503, NOT_CONFIGURED);
      assertError(await service.credentials("nobody"), 404);
      assertError(await service.reset(user, { deleteRemote: true }), 503, NOT_CONFIGURED);
      const { json } = await service.diagnose(user);
      assert.deepEqual(json.remote, {
        configured: false,
        customerId: null,
        customerUserCount: null,
        emailPresentInCustomer: null,
        match: null,
        sampleEmails: [],
        error: null,
      });
      assert.equal(json.user.found, true);
      assert.deepEqual(service.upstream().all, []);
    });

    test(`${name}: everything else keeps working`, async () => {
      const user = await service.addUser();
      const { json } = await service.reset(user, { reprovision: true });
      assert.deepEqual(json.reprovision, { attempted: true, threedeyeUserId: null, error: NOT_CONFIGURED });
      assert.deepEqual(await service.runs(), []);
      await service.scheduled();
      assert.deepEqual(await service.runs(), [], "nothing is scheduled");
      assert.equal((await service.admin("GET", "/admin/api-keys")).status, 200);
    });
  }

  test("is a normal state to /health", async () => {
    for (const name of /** @type {const} */ (["withoutApiKey", "withoutCustomer"])) {
      const { status, checks } = await health(services[name]);
      assert.deepEqual([status, checks.configuration.problems, checks.scheduledRun], ["ok", [], "not_configured"]);
    }
  });
});

describe("settings", () => {
  test("without the optional login calls go without a bearer token", async () => {
    const service = services.withoutLogin;
    service.sim.configure({ requireBearer: false });
    const user = await service.addUser();
    await service.assertProvisioned(user);
    assert.deepEqual(service.upstream().logins, []);
    assert.equal((await health(service)).status, "ok");
  });

  test("JWT_EMAIL_CLAIM names the claim that carries the e-mail, and no other counts", async () => {
    const service = services.namespacedEmail;
    assert.equal((await withClaims(service, { "https://spkey.co/email": "ada@smartphonekey.com" })).status, 200);
    assertError(await withClaims(service, { email: "ada@smartphonekey.com" }), 401);
    assertError(await withClaims(service, { "https://spkey.co/email": "ada@evil.example", email: "ada@smartphonekey.com" }), 403);
  });

  test("a number, a boolean or a list in wrangler.toml is never taken for absent", async () => {
    const { typed, typedAudience } = services;
    for (const [email, status] of /** @type {const} */ ([
      ["a@spkey.co", 200],
      ["a@example.org", 200],
      ["a@smartphonekey.com", 403],
    ]))
      assert.equal((await withClaims(typed, { email })).status, status, email);
    const { problems } = (await health(typed)).checks.configuration;
    assert.deepEqual(problems.map((/** @type {string} */ problem) => problem.split(" ")[0]).sort(), [
      "BACKFILL_CRON_LIMIT",
      "JWT_AUTH_TIME",
    ]);
    assert.match((await health(typedAudience)).checks.configuration.problems.join(), /^JWT_AUDIENCE\b/);
  });

  test("ADMIN_EMAIL_DOMAINS is a list in any case, and replaces the default", async () => {
    const service = services.otherDomains;
    for (const email of ["a@spkey.co", "a@SPKEY.CO", "a@example.org"])
      assert.equal((await withClaims(service, { email })).status, 200, email);
    for (const email of ["a@smartphonekey.com", "a@", "a@spkey.co ,example.org", "a@co"])
      assertError(await withClaims(service, { email }), 403);
  });
});

describe("a rotation of the sealing key", () => {
  test("opens what the previous key sealed, and seals anew with the current one", async () => {
    const { rotated, forgetful } = services;
    const [before, after] = await complete.addUsers([{}, {}]);
    const { password } = await complete.assertProvisioned(before);
    assertError(await forgetful.credentials(before), 500);
    assert.equal((await rotated.credentials(before)).json.password, password);
    const made = await rotated.assertProvisioned(after);
    assert.equal((await forgetful.credentials(after)).json.password, made.password);
    assert.equal((await forgetful.credentials(before)).json.password, password, "reading it has sealed it anew");
    assertError(await complete.credentials(after), 500);
  });
});
