/** `npm run doctor`: what it finds in the Cloudflare account. Every finding is provoked, and names the command that mends it. */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, test } from "node:test";

import { checkAccount } from "../dev/doctor/account.mjs";
import { apiAddress, Cloudflare, findCredentials } from "../dev/doctor/cloudflare.mjs";
import { checkDatabase } from "../dev/doctor/database.mjs";
import { checkQueues } from "../dev/doctor/queues.mjs";
import { checkScript } from "../dev/doctor/script.mjs";
import { database, queue } from "./support/cloudflare.mjs";
import {
  ACCOUNT,
  bindingsOf,
  DATABASE_ID,
  deploymentWith,
  expectFinding,
  migrated,
  NAME,
  SECRETS,
  worldForThisFile,
} from "./support/doctor.mjs";

const { vars, cloudflare, reset } = await worldForThisFile();
const { state } = cloudflare;
afterEach(() => reset());

/** @param {string} [token] */
const api = (token = state.token) =>
  new Cloudflare(cloudflare.url, { headers: { authorization: `Bearer ${token}` }, kind: "token" });

const { deployment } = await deploymentWith(vars);
const script = () => state.scripts[NAME];

describe("the account", () => {
  /** @param {{env?: any, kind?: any, token?: string}} [options] */
  const check = ({ env = {}, kind = "token", token } = {}) => checkAccount(api(token), kind, deployment, env);

  test("is the only one", async () => {
    const { account, findings } = await check();
    assert.equal(account, ACCOUNT);
    expectFinding(findings, "account.login", { result: "ok" });
    expectFinding(findings, "account.account", { result: "ok", seen: /Example/ });
  });

  test("is the one of CLOUDFLARE_ACCOUNT_ID, which the login must see", async () => {
    state.accounts.push({ id: "b".repeat(32), name: "Other" });
    assert.equal((await check({ env: { CLOUDFLARE_ACCOUNT_ID: "b".repeat(32) } })).account, "b".repeat(32));
    const unclear = await check();
    assert.equal(unclear.account, undefined);
    expectFinding(unclear.findings, "account.account", { seen: /Other/, command: `npm run set -- account_id=${ACCOUNT}` });
    const foreign = await check({ env: { CLOUDFLARE_ACCOUNT_ID: "c".repeat(32) } });
    expectFinding(foreign.findings, "account.account", { seen: /not among/, command: `npm run set -- account_id=${ACCOUNT}` });
  });

  test("is found on any page of the list", async () => {
    state.accounts = [...Array(60).keys()].map((number) => ({ id: String(number).padStart(32, "0"), name: `n${number}` }));
    assert.equal((await check({ env: { CLOUDFLARE_ACCOUNT_ID: "59".padStart(32, "0") } })).account, "59".padStart(32, "0"));
  });

  test("is none to a login without one", async () => {
    state.accounts = [];
    expectFinding((await check()).findings, "account.account", { seen: /no account/, command: "npx wrangler login" });
  });

  test("need not be listed where it is named", async () => {
    state.denied = /^\/accounts$/;
    const { account, findings } = await check({ env: { CLOUDFLARE_ACCOUNT_ID: ACCOUNT } });
    assert.equal(account, ACCOUNT);
    assert.ok(findings.every(({ result }) => result === "ok"));
    expectFinding((await check()).findings, "account.account", { seen: /Account Settings: Read/, command: /api-tokens$/ });
  });

  test("is not told to a wrong token, or an expired login", async () => {
    const command = "read -rs CLOUDFLARE_API_TOKEN && export CLOUDFLARE_API_TOKEN";
    const wrong = await check({ token: "cf-wrong" });
    expectFinding(wrong.findings, "account.login", { seen: /not accepted/, command });
    assert.equal(wrong.account, undefined);
    expectFinding((await check({ token: "cf-wrong", kind: "login" })).findings, "account.login", {
      command: "npx wrangler login",
    });
  });

  test("tokens may belong to the account, be disabled, or about to expire", async () => {
    state.tokenOf = "account";
    expectFinding((await check({ env: { CLOUDFLARE_ACCOUNT_ID: ACCOUNT } })).findings, "account.login", { result: "ok" });
    state.tokenOf = "user";
    state.tokenState = { status: "disabled" };
    expectFinding((await check()).findings, "account.login", { seen: /disabled/, command: /api-tokens$/ });
    state.tokenState = { status: "active", expires_on: new Date(Date.now() + 3.5 * 86_400_000).toISOString() };
    expectFinding((await check()).findings, "account.login", {
      result: "warning",
      seen: /expires in 3 days/,
      command: /api-tokens$/,
    });
  });

  test("is out of reach where nothing listens", async () => {
    const nowhere = new Cloudflare("http://127.0.0.1:9/client/v4", { headers: {}, kind: "token" });
    const { account, findings } = await checkAccount(nowhere, "token", deployment, {});
    assert.equal(account, undefined);
    expectFinding(findings, "account.login", { result: "unseen", seen: /out of reach/, command: "npx wrangler whoami" });
  });

  test("is told by a broken API to no one", async () => {
    const unseen = (/** @type {RegExp} */ seen) =>
      /** @type {const} */ ({ result: "unseen", seen, command: "npx wrangler whoami" });
    state.broken = /^\/accounts$/;
    expectFinding((await check()).findings, "account.account", unseen(/which accounts there are: .*internal error/));
    expectFinding((await check({ kind: "login" })).findings, "account.account", unseen(/internal error/));
    state.broken = /verify$/;
    expectFinding((await check()).findings, "account.login", unseen(/whether CLOUDFLARE_API_TOKEN is valid/));
  });

  test("is never asked for over an open line", () => {
    assert.equal(apiAddress({}), "https://api.cloudflare.com/client/v4");
    assert.equal(apiAddress({ CLOUDFLARE_API_BASE_URL: "http://127.0.0.1:1/x/" }), "http://127.0.0.1:1/x");
    for (const url of ["http://example.com", "ftp://127.0.0.1", "x"]) {
      assert.throws(() => apiAddress({ CLOUDFLARE_API_BASE_URL: url }), /must be https/);
    }
  });
});

describe("the database", () => {
  const check = (of = deployment) => checkDatabase(api(), ACCOUNT, of);
  const without = async () =>
    (
      await deploymentWith(vars, (config) => {
        config.d1_databases[0].database_id = "00000000-0000-0000-0000-000000000000";
      })
    ).deployment;

  test("is there, migrated and small", async () => {
    const findings = await check();
    for (const name of ["exists", "migrations", "size"]) expectFinding(findings, `database.${name}`, { result: "ok" });
  });

  test("has no id in wrangler.toml yet", async () => {
    const command = `npm run set -- database_id=${DATABASE_ID}`;
    expectFinding(await check(await without()), "database.exists", { seen: /no database_id yet/, command });
    state.databases = [database("another")];
    expectFinding(await check(await without()), "database.exists", { command: `npx wrangler d1 create ${NAME}` });
  });

  test("is not in the account", async () => {
    state.databases = [];
    expectFinding(await check(), "database.exists", { seen: /has no database/, command: `npx wrangler d1 create ${NAME}` });
    const other = database(NAME);
    state.databases = [other];
    expectFinding(await check(), "database.exists", { command: `npm run set -- database_id=${other.uuid}` });
  });

  test("lacks migrations, all of them or the last", async () => {
    const command = "npx wrangler d1 migrations apply DB --remote";
    state.databases = [migrated(3)];
    expectFinding(await check(), "database.migrations", { seen: /pending, from 0004/, command });
    state.databases = [database(NAME, DATABASE_ID)];
    expectFinding(await check(), "database.migrations", { seen: /pending, from 0001/, command });
  });

  test("is of a later version, or at odds with its own ledger", async () => {
    state.databases[0].sqlite.exec("INSERT INTO d1_migrations (name) VALUES ('9999_later.sql')");
    expectFinding(await check(), "database.migrations", { seen: /9999_later/, command: "git pull" });
    state.databases = [migrated()];
    state.databases[0].sqlite.exec("UPDATE schema_version SET version = 2");
    expectFinding(await check(), "database.migrations", { seen: /schema_version says 2/, command: /d1 execute DB --remote/ });
  });

  test("nears the 10 GB", async () => {
    const size = async (/** @type {number} */ bytes) => {
      state.databases[0].file_size = bytes;
      return check();
    };
    expectFinding(await size(6.9e9), "database.size", { result: "ok" });
    expectFinding(await size(7.1e9), "database.size", {
      result: "warning",
      seen: /7\.10 GB of the 10 GB/,
      command: "npm run set -- AUDIT_DAYS=200",
    });
    expectFinding(await size(9.1e9), "database.size", { result: "problem", command: "npm run set -- AUDIT_DAYS=200" });
    expectFinding(await size(0), "database.size", { result: "unseen", command: "npx wrangler d1 info DB" });
  });

  test("may not be looked at", async () => {
    state.denied = /\/d1\//;
    expectFinding(await check(), "database.exists", { seen: /D1: Edit/, command: /api-tokens$/ });
    expectFinding(await check(await without()), "database.exists", { seen: /D1: Edit/, command: /api-tokens$/ });
    state.denied = /\/query$/;
    expectFinding(await check(), "database.migrations", { seen: /D1: Edit/, command: /api-tokens$/ });
  });
});

describe("the queues", () => {
  const check = () => checkQueues(api(), ACCOUNT, deployment);
  const [PLAN, DEAD] = ["provisioning", "provisioning-dead-letters"];

  test("are there, and consumed", async () => {
    const findings = await check();
    expectFinding(findings, "queues.exist", { result: "ok" });
    assert.equal(findings.filter(({ check, result }) => check === "queues.consumers" && result === "ok").length, 2);
  });

  test("are missing", async () => {
    state.queues = state.queues.filter(({ queue_name: name }) => name !== DEAD);
    expectFinding(await check(), "queues.exist", {
      seen: /no queue provisioning-dead-letters/,
      command: `npx wrangler queues create ${DEAD}`,
    });
    state.queues = [];
    assert.equal((await check()).filter(({ result }) => result === "problem").length, 2);
  });

  test("have no consumer, another one, or another place for dead letters", async () => {
    const first = (/** @type {any[]} */ consumers) => {
      state.queues = [queue(PLAN, consumers), queue(DEAD, [{ type: "worker", script_name: NAME }])];
      return check().then((findings) =>
        findings.filter((finding) => finding.check !== "queues.consumers" || finding.result !== "ok"),
      );
    };
    expectFinding(await first([]), "queues.consumers", {
      seen: /does not consume provisioning yet/,
      command: "npx wrangler deploy",
    });
    const other = [{ type: "worker", script: "another" }];
    expectFinding(await first(other), "queues.consumers", {
      command: `npx wrangler queues consumer worker remove ${PLAN} another`,
    });
    const pull = [{ type: "http_pull" }];
    expectFinding(await first(pull), "queues.consumers", { command: `npx wrangler queues consumer http remove ${PLAN}` });
    const lost = [{ type: "worker", service: NAME }];
    expectFinding(await first(lost), "queues.consumers", { seen: /go to nowhere/, command: "npx wrangler deploy" });
  });

  test("are paused", async () => {
    state.queues[0].settings = { delivery_paused: true };
    const command = `npx wrangler queues resume-delivery ${PLAN}`;
    expectFinding(await check(), "queues.delivery", { result: "warning", command });
  });

  test("may not be looked at, or are not asked for", async () => {
    state.denied = /\/queues$/;
    expectFinding(await check(), "queues.exist", { seen: /Queues: Edit/, command: /api-tokens$/ });
    const { deployment: without } = await deploymentWith(vars, (config) => delete config.queues);
    assert.deepEqual(await checkQueues(api(), ACCOUNT, without), []);
  });
});

test("what a broken API does not tell is not seen", async () => {
  state.broken = /\/accounts\/./;
  const { findings } = await checkScript(api(), ACCOUNT, deployment);
  const all = [
    ...findings,
    ...(await checkDatabase(api(), ACCOUNT, deployment)),
    ...(await checkQueues(api(), ACCOUNT, deployment)),
  ];
  for (const name of ["worker.deployed", "queues.exist", "database.exists"]) {
    expectFinding(all, name, { result: "unseen", seen: /internal error \[10001\]/, command: "npx wrangler whoami" });
  }
});

describe("who asks", () => {
  /** The environment of a user at home in a folder of their own, with a login of wrangler or without. @param {string} [login] */
  async function home(login) {
    const folder = await mkdtemp(join(tmpdir(), "spkey-doctor-home-"));
    after(() => rm(folder, { recursive: true }));
    const config = join(folder, ".config", ".wrangler", "config");
    await mkdir(config, { recursive: true });
    if (login) await writeFile(join(config, "default.toml"), login);
    const none = { CLOUDFLARE_API_TOKEN: "", CLOUDFLARE_API_KEY: "", CLOUDFLARE_EMAIL: "" };
    return { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: join(folder, ".config"), ...none };
  }

  test("is told by a token in the environment, or wrangler's login, or a global key", async () => {
    const token = await findCredentials({ CLOUDFLARE_API_TOKEN: " cf-token-of-the-tests\n" });
    assert.deepEqual(token, { kind: "token", headers: { authorization: "Bearer cf-token-of-the-tests" } });
    const login = 'oauth_token = "login-of-the-tests"\nexpiration_time = "2099-01-01T00:00:00.000Z"\n';
    const found = await findCredentials(await home(login));
    assert.deepEqual(found, { kind: "login", headers: { authorization: "Bearer login-of-the-tests" } });
    const key = { CLOUDFLARE_API_KEY: "key-of-the-tests", CLOUDFLARE_EMAIL: "ops@example.com" };
    const global = await findCredentials({ ...(await home()), ...key });
    assert.deepEqual(global, { kind: "key", headers: { "x-auth-key": "key-of-the-tests", "x-auth-email": "ops@example.com" } });
  });

  test("is not known without any of them, and no token has a line break", async () => {
    assert.equal(await findCredentials(await home()), undefined);
    await assert.rejects(findCredentials({ CLOUDFLARE_API_TOKEN: "two\nlines" }), /characters that no token has/);
  });
});

describe("the Worker in the account", () => {
  const check = async (of = deployment) => (await checkScript(api(), ACCOUNT, of)).findings;
  const deploy = { command: "npx wrangler deploy" };

  test("is as wrangler.toml has it", async () => {
    const { secrets, findings } = await checkScript(api(), ACCOUNT, deployment);
    assert.deepEqual(secrets, SECRETS);
    assert.deepEqual(
      findings.filter(({ result }) => result !== "ok"),
      [],
    );
    for (const name of ["deployed", "bindings", "rate_limits", "variables", "cron"])
      expectFinding(findings, `worker.${name}`, { result: "ok" });
  });

  test("is not deployed, or has secrets only", async () => {
    state.scripts = {};
    expectFinding(await check(), "worker.deployed", { seen: /no Worker spkey-edge yet/, ...deploy });
    state.scripts = { [NAME]: { bindings: [{ type: "secret_text", name: "ADMIN_API_KEY" }], schedules: [], deployments: [] } };
    expectFinding(await check(), "worker.deployed", { seen: /secrets only/, ...deploy });
    state.scripts = { [NAME]: { bindings: bindingsOf(vars), schedules: [], deployments: [] } };
    expectFinding(await check(), "worker.deployed", { seen: /never deployed/, ...deploy });
  });

  test("is two versions at once", async () => {
    script().deployments[0].versions = [10, 90].map((percentage) => ({ version_id: "x", percentage }));
    const command = "npx wrangler versions deploy";
    expectFinding(await check(), "worker.deployed", { result: "warning", seen: /10 % and 90 %/, command });
  });

  test("has no cron trigger, or another", async () => {
    script().schedules = [];
    expectFinding(await check(), "worker.cron", { seen: /registered is none/, ...deploy });
    script().schedules = ["0 * * * *"];
    expectFinding(await check(), "worker.cron", { seen: /registered is 0 \* \* \* \*/, ...deploy });
  });

  test("lacks a binding, or has another", async () => {
    const bindings = script().bindings;
    script().bindings = bindings.map((one) => (one.type === "d1" ? { ...one, id: "another" } : one));
    expectFinding(await check(), "worker.bindings", { seen: /DB is not/, ...deploy });
    script().bindings = bindings.filter(({ type }) => type !== "queue");
    expectFinding(await check(), "worker.bindings", { seen: /PROVISIONING_QUEUE is not bound/, ...deploy });
    script().bindings = bindings.filter(({ name }) => name !== "AUTH_RATE_LIMITER");
    expectFinding(await check(), "worker.rate_limits", { seen: /AUTH_RATE_LIMITER/, ...deploy });
    script().bindings = bindings.map((one) =>
      one.name === "PERSON_RATE_LIMITER" ? { ...one, simple: { limit: 1, period: 10 } } : one,
    );
    expectFinding(await check(), "worker.rate_limits", { seen: /PERSON_RATE_LIMITER/, ...deploy });
  });

  test("has other variables than wrangler.toml", async () => {
    const bindings = script().bindings;
    script().bindings = bindings.map((one) => (one.name === "JWT_AUDIENCE" ? { ...one, text: "another" } : one));
    expectFinding(await check(), "worker.variables", { seen: /JWT_AUDIENCE/, ...deploy });
    script().bindings = [...bindings, { type: "plain_text", name: "BACKFILL_CRON_LIMIT", text: "7" }];
    expectFinding(await check(), "worker.variables", { seen: /BACKFILL_CRON_LIMIT/, ...deploy });
    script().bindings = [...bindings, { type: "secret_text", name: "JWT_AUDIENCE" }];
    expectFinding(await check(), "worker.variables", {
      seen: /JWT_AUDIENCE is set as a secret/,
      command: "npm run set -- JWT_AUDIENCE=",
    });
  });

  test("has a secret that it does not read", async () => {
    script().bindings.push({ type: "secret_text", name: "ADMIN_APIKEY" });
    const command = "npx wrangler secret delete ADMIN_APIKEY";
    expectFinding(await check(), "worker.secrets", { result: "warning", seen: /reads no secret/, command });
  });

  test("may not be looked at", async () => {
    state.denied = /\/workers\//;
    expectFinding(await check(), "worker.deployed", { seen: /Workers Scripts: Edit/, command: /api-tokens$/ });
    assert.equal((await checkScript(api(), ACCOUNT, deployment)).secrets, undefined);
    const login = new Cloudflare(cloudflare.url, { headers: { authorization: `Bearer ${state.token}` }, kind: "login" });
    const refused = await checkScript(login, ACCOUNT, deployment);
    expectFinding(refused.findings, "worker.deployed", { seen: /not permitted to the login/, command: "npx wrangler login" });
    state.denied = /\/(schedules|deployments)$/;
    const findings = await check();
    for (const name of ["cron", "deployed"])
      expectFinding(findings, `worker.${name}`, { seen: /not permitted/, command: /api-tokens$/ });
  });
});
