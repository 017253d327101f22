/** `npm run doctor`: what it finds at the deployed Worker, a real one, of which a front changes the answers. */

import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";

import { Cloudflare } from "../dev/doctor/cloudflare.mjs";
import { ownVersion } from "../dev/doctor/settings.mjs";
import { addressOf, checkWorker } from "../dev/doctor/worker.mjs";
import { ACCOUNT, deploymentWith, expectFinding, SECRETS, worldForThisFile } from "./support/doctor.mjs";
import { json, startFront } from "./support/provider-front.mjs";
import { startWorkers } from "./support/worker.mjs";

const { vars, cloudflare } = await worldForThisFile();
const SCHEMA = (await deploymentWith(vars)).deployment.migrations.length;

const CREDENTIALS_KEY = Buffer.alloc(32, 3).toString("base64");
const ADMIN_API_KEY = "admin-key-of-the-doctor-tests";
const CONSOLE_CLIENT_SECRET = "console-secret-of-the-tests";
const secrets = { ADMIN_API_KEY, CREDENTIALS_KEY, CONSOLE_CLIENT_SECRET, THREEDEYE_API_KEY: "threedeye-key-of-the-tests" };
const rateLimits = { ADMIN_RATE_LIMITER: 600, AUTH_RATE_LIMITER: 60, PERSON_RATE_LIMITER: 120 };
const settings = { vars, secrets, rateLimits, assets: true };
const workers = await startWorkers({
  healthy: settings,
  empty: { ...settings, migrated: false },
  misconfigured: {
    ...settings,
    vars: { ...vars, JWT_ISSUER: "", ADMIN_EMAIL_DOMAINS: "@example.com" },
    secrets: { ...secrets, ADMIN_API_KEY: "short" },
    rateLimits: {},
  },
});
after(() => workers.healthy.close());
const front = await startFront(workers.healthy.url);
after(() => front.close());

/** As a Worker of this checkout answers. */
const asBuilt = () => {
  front.change = json("/health", (health) => ({ version: ownVersion(), schema: { built: SCHEMA, applied: SCHEMA }, ...health }));
};
asBuilt();
afterEach(asBuilt);

/** @param {string} [url] */
const check = async (url = front.url) => checkWorker(url, (await deploymentWith(vars)).deployment, { secrets: SECRETS });

/** `/health` with changes. @param {any} change of its checks @param {object} [more] beside them */
const healthWith = (change, more = {}) => {
  const own = { version: ownVersion(), schema: { built: SCHEMA, applied: SCHEMA } };
  front.change = json("/health", (health) => ({ ...health, ...own, ...more, checks: { ...health.checks, ...change } }));
  return check().then(({ findings }) => findings);
};

const deploy = { command: "npx wrangler deploy" };
const migrate = { command: "npx wrangler d1 migrations apply DB --remote" };

test("a healthy Worker of this version", async () => {
  const { findings, skew } = await check();
  assert.deepEqual(
    findings.filter(({ result }) => result !== "ok"),
    [],
  );
  for (const name of ["health", "version", "schema", "runs", "assets"])
    expectFinding(findings, `worker.${name}`, { result: "ok" });
  assert.ok(skew === undefined || Math.abs(skew) < 5);
});

test("a Worker that does not answer, or something else that does", async () => {
  const { findings } = await check("http://127.0.0.1:9");
  expectFinding(findings, "worker.health", {
    seen: /does not answer/,
    command: "curl -sSi --max-time 10 http://127.0.0.1:9/health",
  });
  front.change = (path) =>
    path === "/health" ? { body: '{"checks":{"configuration":{"problems":7},"missingRateLimits":{}}}' } : undefined;
  expectFinding((await check()).findings, "worker.version", { seen: /older/, command: "npx wrangler deploy" });
  front.change = () => ({ status: 200, body: "<html>" });
  const command = `curl -sSi --max-time 10 ${front.url}/health`;
  expectFinding((await check()).findings, "worker.health", { seen: /answers 200, but not as/, command });
});

test("a Worker of another version", async () => {
  expectFinding(await healthWith({}, { version: "0.0.1" }), "worker.version", { seen: /deployed is 0\.0\.1/, ...deploy });
  expectFinding(await healthWith({}, { version: undefined }), "worker.version", { seen: /older than 1\.0\.0/, ...deploy });
});

test("a Worker that is just being deployed", async () => {
  const { deployment } = await deploymentWith(vars);
  let looks = 0;
  front.change = json("/health", (health) => ({ ...health, version: ++looks < 3 ? "0.0.1" : ownVersion() }));
  expectFinding((await checkWorker(front.url, deployment, { waitMs: 30_000 })).findings, "worker.version", { result: "ok" });
  assert.equal(looks, 3);
});

test("a schema of another version", async () => {
  const outdated = { migrations: "outdated" };
  const behind = await healthWith(outdated, { schema: { built: SCHEMA, applied: 3 } });
  expectFinding(behind, "worker.schema", { seen: new RegExp(`made for ${SCHEMA}, the database has 3`), ...migrate });
  const ahead = await healthWith(outdated, { schema: { built: 3, applied: SCHEMA } });
  expectFinding(ahead, "worker.schema", { seen: /made for 3/, ...deploy });
  const old = await healthWith({}, { schema: { built: 3, applied: 3 } });
  expectFinding(old, "worker.schema", { seen: /made for schema 3/, ...deploy });
  expectFinding(await healthWith(outdated, { schema: undefined }), "worker.schema", migrate);
  expectFinding(await healthWith({ migrations: "unknown" }), "worker.schema", {
    result: "unseen",
    command: "npx wrangler d1 info DB",
  });
});

test("a database without tables", async () => {
  const { findings } = await check(workers.empty.url);
  expectFinding(findings, "worker.schema", { seen: /no tables/, ...migrate });
});

test("settings that the Worker itself refuses", async () => {
  const { findings } = await check(workers.misconfigured.url);
  const commands = findings
    .filter((one) => one.check === "worker.settings")
    .map(({ command }) => String(command).replace(/ --config \S+/, ""));
  assert.deepEqual(commands.sort(), [
    "npm run set -- ADMIN_EMAIL_DOMAINS=example.com",
    "npm run set -- JWT_ISSUER=https://your-tenant.example/",
    "npx wrangler secret put ADMIN_API_KEY",
  ]);
  expectFinding(findings, "worker.limits", { seen: /ADMIN_RATE_LIMITER, AUTH_RATE_LIMITER, PERSON_RATE_LIMITER/, ...deploy });
});

test("a database that is missing or silent", async () => {
  expectFinding(await healthWith({ database: "missing" }), "worker.database", deploy);
  expectFinding(await healthWith({ database: "unreachable" }), "worker.database", { command: "npx wrangler d1 info DB" });
});

describe("scheduled runs", () => {
  test("that go well, or have not begun", async () => {
    for (const word of ["ok", "running", "none_yet", "not_configured"]) {
      expectFinding(await healthWith({ scheduledRun: word }), "worker.runs", { result: "ok" });
    }
  });

  test("that do not", async () => {
    for (const word of ["overdue", "failing", "died"]) {
      const command = "npx wrangler tail --format pretty --search backfill.run";
      expectFinding(await healthWith({ scheduledRun: word }), "worker.runs", { seen: new RegExp(word), command });
    }
    expectFinding(await healthWith({ scheduledRun: "paused" }), "worker.runs", {
      result: "warning",
      command: /provisioning_pause/,
    });
    expectFinding(await healthWith({ scheduledRun: "unknown" }), "worker.runs", {
      result: "unseen",
      command: "npx wrangler d1 info DB",
    });
  });
});

test("files that are missing, or another version's", async () => {
  const built = front.change;
  front.change = (path, answer) => (path.startsWith("/console/") ? { status: 404 } : built(path, answer));
  expectFinding((await check()).findings, "worker.assets", { seen: /not there: \/console\//, ...deploy });
  front.change = (path, answer) => (path === "/openapi.json" ? { body: `${answer.body} ` } : built(path, answer));
  expectFinding((await check()).findings, "worker.assets", { seen: /not that of this checkout/, ...deploy });
});

test("the address is that of a route, or on workers.dev", async () => {
  const api = new Cloudflare(cloudflare.url, { headers: { authorization: `Bearer ${cloudflare.state.token}` }, kind: "token" });
  const at = async (/** @type {(config: any) => void} */ change) =>
    addressOf((await deploymentWith(vars, change)).deployment, api, ACCOUNT);
  const custom = { pattern: "api.example.com", custom_domain: true };
  assert.equal(await at((config) => (config.routes = [custom])), "https://api.example.com");
  assert.equal(
    await at((config) => (config.routes = [{ pattern: "api.example.com/*", zone_name: "example.com" }])),
    "https://api.example.com",
  );
  assert.equal(await at(() => {}), "https://spkey-edge.example.workers.dev");
  assert.equal(await at((config) => (config.workers_dev = false)), undefined);
  assert.equal(await addressOf((await deploymentWith(vars)).deployment), undefined);
});
