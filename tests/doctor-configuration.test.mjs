/** `npm run doctor`: what it finds in wrangler.toml, the settings and the build; and `npm run set`, which it often names. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { execa } from "execa";

import { checkBuild, checkSize } from "../dev/doctor/build.mjs";
import { readDeployment } from "../dev/doctor/deployment.mjs";
import { toText } from "../dev/doctor/report.mjs";
import { adviceFor } from "../dev/doctor/script.mjs";
import { checkSettings, explainSetting } from "../dev/doctor/settings.mjs";
import { secretNames, variables } from "../dev/tooling/setting-names.mjs";
import { configFile, deploymentWith, expectFinding, SECRETS, varsOf } from "./support/doctor.mjs";
import { deployment as ownConfig } from "./support/worker.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const vars = varsOf("https://id.example.com");

/** @param {(config: any) => void} change */
const configured = async (change) => (await deploymentWith(vars, change)).findings;

/** Runs a printed command in a shell, as an operator would. @param {string} command */
const inShell = (command) => execa("sh", ["-c", command], { cwd: ROOT, reject: false });

describe("wrangler.toml", () => {
  test("as it is in this repository", async () => {
    const findings = await configured(() => {});
    for (const name of ["file", "compatibility_date", "database", "queues", "cron", "assets"]) {
      expectFinding(findings, `configuration.${name}`, { result: "ok" });
    }
  });

  test("cannot be read, or is not there", async () => {
    const file = await configFile(vars);
    await writeFile(file, "name = ");
    expectFinding((await readDeployment({ config: file })).findings, "configuration.file", { command: /^\$\{EDITOR:-vi\} / });
    await writeFile(file, "");
    expectFinding((await readDeployment({ config: file })).findings, "configuration.file", {
      result: "problem",
      seen: /does not tell name and main of the Worker/,
      command: /EDITOR/,
    });
    expectFinding((await readDeployment({ config: `${file}.none` })).findings, "configuration.file", {
      seen: /cannot be read/,
      command: /EDITOR/,
    });
  });

  test("has a date of the runtime that lies in the future", async () => {
    const today = new Date().toISOString().slice(0, 10);
    const command = `npm run set -- compatibility_date=${today}`;
    const future = await configured((config) => (config.compatibility_date = "2999-01-01"));
    expectFinding(future, "configuration.compatibility_date", { seen: /future/, command });
  });

  test("lacks a table, which the command appends", async () => {
    for (const [check, remove] of /** @type {[string, (config: any) => void][]} */ ([
      ["database", (config) => delete config.d1_databases],
      ["cron", (config) => delete config.triggers],
      ["assets", (config) => delete config.assets],
      ["queues", (config) => delete config.queues.producers],
      ["queues", (config) => config.queues.consumers.shift()],
      ["queues", (config) => config.queues.consumers.pop()],
    ])) {
      const file = await configFile(vars, remove);
      const { findings } = await readDeployment({ config: file });
      const finding = findings.find((one) => one.check === `configuration.${check}`);
      assert.equal(finding?.result, "problem", check);
      assert.match(String(finding?.command), /^printf /);
      await inShell(String(finding?.command));
      expectFinding((await readDeployment({ config: file })).findings, `configuration.${check}`, { result: "ok" });
    }
  });

  test("names a folder without migrations", async () => {
    const findings = await configured((config) => (config.d1_databases[0].migrations_dir = "no-migrations"));
    expectFinding(findings, "configuration.database", { seen: /no migrations/, command: /EDITOR/ });
  });

  test("has a table that is empty, or a queue for dead letters that the Worker would not know", async () => {
    const empty = await configured((config) => (config.triggers = { crons: [] }));
    expectFinding(empty, "configuration.cron", { command: /EDITOR/ });
    const named = await configured((config) => (config.queues.consumers[0].dead_letter_queue = "failed"));
    expectFinding(named, "configuration.queues", { seen: /ends in dead-letters/, command: /EDITOR/ });
    expectFinding(await configured((config) => delete config.queues), "configuration.queues", { result: "ok", seen: /no queue/ });
  });
});

describe("settings, as the Worker judges them", () => {
  /** @param {Record<string, unknown>} own @param {string[]} [secrets] @param {(config: any) => void} [change] */
  async function check(own, secrets = SECRETS, change) {
    const { deployment } = await deploymentWith({ ...vars, ...own }, change);
    return checkSettings(deployment, secrets, "build");
  }

  test("can all be right", async () => {
    const findings = await check({ ADMIN_EMAIL_DOMAINS: ["a.example", "b.example"], BACKFILL_CRON_LIMIT: 20 });
    assert.deepEqual(
      findings.filter(({ result }) => result !== "ok"),
      [],
    );
    expectFinding(findings, "settings.values", { result: "ok" });
  });

  test("can never match", async () => {
    const findings = await check({
      ADMIN_EMAIL_DOMAINS: "@example.com",
      THREEDEYE_PROTECTED_EMAILS: "*@example.com",
      BACKFILL_CRON_LIMIT: 501,
      JWT_EMAIL_CLAIM: "exp",
      JWT_ISSUER: "https://a.example/ https://b.example/",
      JWT_JWKS_URL: "",
    });
    const set = (/** @type {string} */ entry) => `npm run set -- ${entry}`;
    expectFinding(findings, "settings.ADMIN_EMAIL_DOMAINS", { command: set("ADMIN_EMAIL_DOMAINS=example.com") });
    expectFinding(findings, "settings.THREEDEYE_PROTECTED_EMAILS", {
      command: set("THREEDEYE_PROTECTED_EMAILS=ops@example.com"),
    });
    expectFinding(findings, "settings.BACKFILL_CRON_LIMIT", { command: set("BACKFILL_CRON_LIMIT=50") });
    expectFinding(findings, "settings.JWT_EMAIL_CLAIM", { command: set("JWT_EMAIL_CLAIM=email") });
    expectFinding(findings, "settings.JWT_ISSUER", { command: set("JWT_ISSUER=https://your-tenant.example/") });
    expectFinding(findings, "settings.JWT_JWKS_URL", {
      seen: /^JWT_JWKS_URL is missing; put your own value in place of the example$/,
      command: /JWT_JWKS_URL=https/,
    });
  });

  test("lack secrets, and one of two that belong together", async () => {
    const findings = await check({ NOTIFY_WEBHOOK_URL: "https://hooks.example.com/x" }, [
      "THREEDEYE_API_KEY",
      "THREEDEYE_PASSWORD",
    ]);
    const put = (/** @type {string} */ name) => ({ command: `npx wrangler secret put ${name}` });
    expectFinding(findings, "settings.ADMIN_API_KEY", { seen: /openssl rand -hex 32/, ...put("ADMIN_API_KEY") });
    expectFinding(findings, "settings.CREDENTIALS_KEY", { seen: /openssl rand -base64 32.*copy/, ...put("CREDENTIALS_KEY") });
    expectFinding(findings, "settings.NOTIFY_WEBHOOK_SECRET", put("NOTIFY_WEBHOOK_SECRET"));
    expectFinding(findings, "settings.CONSOLE_CLIENT_SECRET", put("CONSOLE_CLIENT_SECRET"));
    expectFinding(findings, "settings.THREEDEYE_USERNAME", put("THREEDEYE_USERNAME"));
    const only = await check({ CONSOLE_CLIENT_ID: "" }, SECRETS);
    expectFinding(only, "settings.CONSOLE_CLIENT_ID", { command: "npm run set -- CONSOLE_CLIENT_ID=your-client-id" });
  });

  test("may be secrets instead of variables", async () => {
    const names = ["JWT_ISSUER", "JWT_JWKS_URL", "THREEDEYE_DIALECT", "THREEDEYE_PROTECTED_EMAILS", "AUDIT_DAYS"];
    const findings = await check({ JWT_ISSUER: "", JWT_JWKS_URL: "" }, [...SECRETS, ...names]);
    expectFinding(findings, "settings.values", { result: "ok" });
  });

  test("have a dialect that is broken, which is opened where it stands, as no value could be proposed", async () => {
    const findings = await check({ THREEDEYE_DIALECT: '{"taken":{"status":[409]}}' });
    const said = {
      seen: /^THREEDEYE_DIALECT: .*status.*correct it there, or take it out/,
      command: /^\$\{EDITOR:-vi\} \S+\.toml$/,
    };
    expectFinding(findings, "settings.THREEDEYE_DIALECT", said);
    assert.equal(toText(findings, "1.0.0").match(/✗ THREEDEYE_DIALECT: /g)?.length, 1);
    assert.doesNotMatch(toText(findings, "1.0.0"), /THREEDEYE_DIALECT: THREEDEYE_DIALECT|=VALUE/);
  });

  test("come with a command that can be run as it is, or with what to decide", async () => {
    const { deployment } = await deploymentWith({});
    const texts = [...variables().map(({ name }) => `${name} is missing`), "something is wrong"];
    for (const text of texts) {
      const { seen, command } = explainSetting(text, deployment);
      assert.doesNotMatch(String(command), /VALUE|NAME=|=('')?$|=('')? --/, text);
      const hasExample = /example|your-/.test(String(command));
      assert.equal(/; put your own value in place of the example$/.test(seen), hasExample, text);
      if (!String(command).startsWith("npm run set")) assert.match(seen, /correct it there/, text);
    }
    const secret = explainSetting("JWT_ISSUER must be one value", deployment, ["JWT_ISSUER"]);
    expectFinding([secret], "settings.JWT_ISSUER", { seen: /set as a secret/, command: "npx wrangler secret put JWT_ISSUER" });
  });

  test("do not configure 3dEye yet", async () => {
    const key = SECRETS.filter((name) => name !== "THREEDEYE_API_KEY");
    expectFinding(await check({}, key), "settings.threedeye", {
      result: "warning",
      command: "npx wrangler secret put THREEDEYE_API_KEY",
    });
    const customer = await check({ THREEDEYE_CUSTOMER_ID: "" });
    expectFinding(customer, "settings.threedeye", { result: "warning", command: /THREEDEYE_CUSTOMER_ID=/ });
  });

  test("have names that the Worker does not read, or are secrets for all to read", async () => {
    const findings = await check({ JWT_ISUER: "x" });
    expectFinding(findings, "settings.names", { result: "warning", seen: /JWT_ISUER/, command: "npm run set -- JWT_ISUER=" });
    const secret = await check({ CREDENTIALS_KEY: Buffer.alloc(32, 7).toString("base64") });
    const command = "npm run set -- CREDENTIALS_KEY= && npx wrangler secret put CREDENTIALS_KEY";
    expectFinding(secret, "settings.names", { seen: /choose a new value/, command });
    assert.ok(!JSON.stringify(secret).includes(Buffer.alloc(32, 7).toString("base64")));
  });

  test("leave something unlimited, which the command binds", async () => {
    for (const name of ["ADMIN_RATE_LIMITER", "AUTH_RATE_LIMITER", "PERSON_RATE_LIMITER"]) {
      const file = await configFile(
        vars,
        (config) => (config.ratelimits = config.ratelimits.filter((/** @type {any} */ one) => one.name !== name)),
      );
      const findings = await checkSettings(
        /** @type {any} */ ((await readDeployment({ config: file })).deployment),
        SECRETS,
        "build",
      );
      const finding = findings.find(({ check }) => check === "settings.rate_limits");
      assert.match(String(finding?.seen), new RegExp(name));
      await inShell(String(finding?.command));
      const { deployment } = await readDeployment({ config: file });
      const added = deployment?.config.ratelimits.find((/** @type {any} */ one) => one.name === name);
      assert.deepEqual(
        added,
        ownConfig().ratelimits.find((/** @type {any} */ one) => one.name === name),
      );
    }
  });

  test("cannot be judged without a build, nor the secrets without an account", async () => {
    const { deployment } = await deploymentWith(vars);
    const findings = await checkSettings(deployment, undefined, undefined);
    expectFinding(findings, "settings.values", { result: "unseen", command: "npm run build" });
    expectFinding(findings, "settings.secrets", { result: "unseen", command: "npx wrangler secret list" });
    const broken = await mkdtemp(join(tmpdir(), "spkey-doctor-build-"));
    after(() => rm(broken, { recursive: true }));
    await writeFile(join(broken, "worker.js"), "export default {");
    await writeFile(join(broken, "index_bg.wasm"), "");
    const failed = await checkSettings(deployment, SECRETS, relative(ROOT, broken));
    expectFinding(failed, "settings.values", { result: "unseen", seen: /does not run here/, command: "npm run build" });
    // What is needed is taken to be set, so that it is no problem.
    expectFinding(await checkSettings(deployment, undefined, "build"), "settings.values", { result: "ok" });
  });
});

describe("the names of settings", () => {
  test("are those of the guide, with their defaults", () => {
    const presets = Object.fromEntries(variables().map(({ name, preset }) => [name, preset]));
    assert.equal(presets.BACKFILL_CRON_LIMIT, "50");
    assert.equal(presets.JWT_EMAIL_CLAIM, "email");
    assert.equal(presets.JWT_ISSUER, undefined);
    assert.ok("NOTIFY_WEBHOOK_URL" in presets && !("ADMIN_API_KEY" in presets));
    for (const name of ["ADMIN_API_KEY", "THREEDEYE_USERNAME", "THREEDEYE_PASSWORD"])
      assert.ok(secretNames().includes(name), name);
  });

  test("are all in the example for local development, with their defaults", () => {
    const lines = readFileSync(join(ROOT, ".dev.vars.example"), "utf8").split("\n");
    for (const name of [...variables().map((one) => one.name), ...secretNames()]) {
      const { preset } = variables().find((one) => one.name === name) ?? {};
      const line = lines.find((one) => one.startsWith(`# ${name}=`));
      assert.ok(line, name);
      if (preset !== undefined) assert.equal(line, `# ${name}=${preset}`);
    }
  });

  test("come with advice for secrets that have to be made", () => {
    for (const name of secretNames().filter((one) => /^(ADMIN_API_KEY|CREDENTIALS_KEY|NOTIFY_WEBHOOK_SECRET)$/.test(one))) {
      assert.match(adviceFor(name), /openssl rand/, name);
    }
  });
});

describe("the build", () => {
  test("is measured as Cloudflare does", () => {
    const { build, findings } = checkBuild();
    assert.equal(build, "build");
    expectFinding(findings, "build.size", { result: "ok", seen: /MiB after gzip/ });
    expectFinding([checkSize(3.1 * 2 ** 20)], "build.size", { result: "warning", seen: /Free plan/, command: "npm run size" });
    expectFinding([checkSize(10.1 * 2 ** 20)], "build.size", { seen: /10 MiB/, command: "npm run size" });
  });

  test("is not there", () => {
    const { build, findings } = checkBuild("no-build");
    assert.equal(build, undefined);
    expectFinding(findings, "build.present", { result: "unseen", command: "npm run build" });
  });
});

describe("npm run set", () => {
  const set = (/** @type {string[]} */ ...args) =>
    execa(process.execPath, [join(ROOT, "dev/set.mjs"), ...args], { reject: false });
  const copy = async () => {
    const file = await configFile({});
    await writeFile(file, readFileSync(join(ROOT, "wrangler.toml"), "utf8"));
    return { file, text: () => readFileSync(file, "utf8") };
  };
  const ID = "8d7bd2a4-0000-4000-8000-000000000001";

  test("writes settings and keeps the rest, comments too", async () => {
    const { file, text } = await copy();
    const before = text();
    const { exitCode } = await set(
      "--config",
      file,
      `database_id=${ID}`,
      "JWT_AUDIENCE=https://api.example.com",
      'JWT_AMR_CLAIM=a"b',
    );
    assert.equal(exitCode, 0);
    const expected = before.replace(/^database_id = .*$/m, `database_id = "${ID}"`).trimEnd();
    assert.equal(text(), `${expected}\n\n[vars]\nJWT_AUDIENCE = "https://api.example.com"\nJWT_AMR_CLAIM = "a\\"b"\n`);
    await set("--config", file, "JWT_AUDIENCE=another", "JWT_AMR_CLAIM=");
    assert.equal(text(), `${expected}\n\n[vars]\nJWT_AUDIENCE = "another"\n`);
  });

  test("writes an environment's settings, and keys of the file itself", async () => {
    const { file, text } = await copy();
    await set("--config", file, "--env", "staging", "JWT_AUDIENCE=staging");
    await set("--config", file, "account_id=77", "compatibility_date=2026-10-01");
    assert.match(text(), /\[env\.staging\.vars\]\nJWT_AUDIENCE = "staging"\n$/);
    assert.match(text(), /^name = "spkey-edge"\nmain = .*\ncompatibility_date = "2026-10-01"\naccount_id = "77"\n/);
  });

  test("refuses what has no place there, and then changes nothing", async () => {
    const { file, text } = await copy();
    const before = text();
    for (const [args, said] of /** @type {[string[], RegExp][]} */ ([
      [[], /What is to be set/],
      [["JWT_ISSUER"], /NAME=VALUE/],
      [["=x"], /NAME=VALUE/],
      [["JWT_ISUER=x"], /no setting JWT_ISUER/],
      [
        ["JWT_ISSUER=https://x.example/", "CREDENTIALS_KEY=not-to-be-shown"],
        /is a secret[\s\S]*wrangler secret put CREDENTIALS_KEY/,
      ],
      [["JWT_ISSUER=a\nb"], /control characters/],
      [["--colour"], /--colour/],
    ])) {
      const { exitCode, stdout, stderr } = await set("--config", file, ...args);
      assert.equal(exitCode, 1, String(args));
      assert.match(stderr, said);
      assert.ok(!`${stdout}${stderr}`.includes("not-to-be-shown"));
      assert.equal(text(), before);
    }
  });

  test("leaves alone what it cannot change by a line", async () => {
    const { file, text } = await copy();
    const list = `${text()}\n[vars]\nADMIN_EMAIL_DOMAINS = [\n  "a.example",\n]\n`;
    await writeFile(file, list);
    const { exitCode, stderr } = await set("--config", file, "ADMIN_EMAIL_DOMAINS=b.example");
    assert.equal(exitCode, 1);
    assert.match(stderr, /by hand/);
    assert.equal(text(), list);
    await writeFile(file, "[vars\n");
    assert.match((await set("--config", file, "JWT_ISSUER=x")).stderr, /not TOML/);
    assert.match((await set("--config", `${file}.none`, "JWT_ISSUER=x")).stderr, /cannot be read/);
  });
});
