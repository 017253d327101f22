/** `npm run doctor` as a command: what it prints, how it ends, and that it tells no secret. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { execa } from "execa";

import { ownVersion } from "../dev/doctor/settings.mjs";
import { queue } from "./support/cloudflare.mjs";
import { ACCOUNT, configFile, doctor, expectFinding, found, migrated, NAME, worldForThisFile } from "./support/doctor.mjs";
import { json, startFront } from "./support/provider-front.mjs";
import { startWorkers } from "./support/worker.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { issuer, vars, cloudflare, reset } = await worldForThisFile();
const { state } = cloudflare;

const secrets = {
  ADMIN_API_KEY: "admin-key-of-the-doctor-tests",
  CREDENTIALS_KEY: Buffer.alloc(32, 3).toString("base64"),
  CONSOLE_CLIENT_SECRET: "console-secret-of-the-tests",
  THREEDEYE_API_KEY: "threedeye-key-of-the-tests",
};
const rateLimits = { ADMIN_RATE_LIMITER: 600, AUTH_RATE_LIMITER: 60, PERSON_RATE_LIMITER: 120 };
const { worker } = await startWorkers({ worker: { vars, secrets, rateLimits, assets: true } });
after(() => worker.close());
const front = await startFront(worker.url);
after(() => front.close());
const schema = migrated().sqlite.prepare("SELECT max(version) AS version FROM schema_version").get()?.version;
front.change = json("/health", (health) => ({ version: ownVersion(), schema: { built: schema, applied: schema }, ...health }));

const config = await configFile(vars);
afterEach(() => reset());

/** What the environment of a deployment has. */
const environment = () => ({ CLOUDFLARE_API_TOKEN: state.token, CLOUDFLARE_API_BASE_URL: cloudflare.url });

/** @param {string[]} [args] @param {{env?: Record<string, string>, input?: string}} [options] */
async function run(args = [], { env = environment(), input } = {}) {
  const outcome = await doctor(["--config", config, "--url", front.url, ...args], { env, input });
  const all = outcome.stdout + outcome.stderr;
  for (const secret of [state.token, ...Object.values(secrets)]) assert.ok(!all.includes(secret), "a secret is shown");
  return outcome;
}

test("everything is fine", async () => {
  const { code, json: read, stderr } = await run(["--json"]);
  assert.equal(code, 0, stderr);
  const { findings, counts, exitCode, version } = read();
  assert.deepEqual([exitCode, counts.problem, counts.unseen, version], [0, 0, 0, ownVersion()]);
  // But for a build that is older than the sources, which is for the developer to know.
  assert.deepEqual(
    findings.filter(({ check, result }) => result !== "ok" && check !== "build.present"),
    [],
  );
  expectFinding(findings, "account.account", { result: "ok", seen: new RegExp(ACCOUNT) });
  expectFinding(findings, "clock.skew", { result: "ok" });
});

test("it only reads", async () => {
  cloudflare.asked.length = 0;
  await run();
  assert.ok(cloudflare.asked.length > 8);
  assert.deepEqual(
    cloudflare.asked.filter((line) => !/^GET |\/query$/.test(line)),
    [],
  );
});

test("a problem is shown with what mends it, and ends it with 1", async () => {
  state.queues = [];
  const { code, stdout } = await run();
  assert.equal(code, 1);
  assert.match(stdout, /✗ exist: there is no queue provisioning\n {6}npx wrangler queues create provisioning\n/);
  assert.match(stdout, /2 problems, .*\. Begin with:\n {2}npx wrangler queues create provisioning$/m);
});

test("before a deployment, what it will mend is no problem", async () => {
  state.databases = [migrated(3)];
  state.scripts[NAME].schedules = [];
  assert.equal((await run()).code, 1);
  const { code, json: read } = await run(["--before", "--json"]);
  assert.equal(code, 0);
  expectFinding(read().findings, "database.migrations", { result: "warning", command: /migrations apply/ });
  expectFinding(read().findings, "worker.cron", { result: "warning", command: "npx wrangler deploy" });
  state.databases = [];
  assert.equal((await run(["--before"])).code, 1, "a deployment makes no database");
});

test("before the first deployment there is no Worker to be asked", async () => {
  state.scripts = {};
  const { code, json: read } = await doctor(["--config", config, "--json", "--before"], { env: environment() });
  const { findings } = read();
  assert.equal(code, 1, "its secrets are missing");
  expectFinding(findings, "worker.deployed", { result: "warning", command: "npx wrangler deploy" });
  expectFinding(findings, "settings.CREDENTIALS_KEY", { command: "npx wrangler secret put CREDENTIALS_KEY" });
  assert.ok(!findings.some(({ check }) => check === "worker.health"));
});

describe("what cannot be seen", () => {
  const unseenOf = (/** @type {import("./support/doctor.mjs").Finding[]} */ findings) =>
    findings.filter(({ result }) => result === "unseen").map(({ check, command }) => [check, command]);
  const login = "npx wrangler login";
  const ofTheAccount = ["account.login", "database.exists", "queues.exist", "settings.secrets", "worker.deployed"];

  test("without a login", async () => {
    const { code, json: read } = await run(["--json"], { env: {} });
    assert.equal(code, 3);
    const all = Object.fromEntries(unseenOf(read().findings));
    assert.deepEqual(Object.keys(all).sort(), ofTheAccount);
    for (const check of ["account.login", "queues.exist", "settings.secrets"]) assert.equal(all[check], login);
    const inCi = await run(["--json"], { env: { CI: "true" } });
    expectFinding(inCi.json().findings, "account.login", { result: "unseen", command: "gh secret set CLOUDFLARE_API_TOKEN" });
  });

  test("where nothing is reachable", async () => {
    const nowhere = { CLOUDFLARE_API_TOKEN: state.token, CLOUDFLARE_API_BASE_URL: "http://127.0.0.1:9" };
    const { code, stdout } = await run([], { env: nowhere });
    assert.equal(code, 3);
    assert.match(stdout, /\? login: could not see Cloudflare's API is out of reach|\? login: .*out of reach/);
    assert.match(stdout, /\? exist: could not see the queues and their consumers/);
  });

  test("where no one is to be asked", async () => {
    cloudflare.asked.length = 0;
    const { code, json: read } = await run(["--json", "--offline"]);
    assert.equal(code, 3);
    const all = unseenOf(read().findings).map(([check]) => check);
    assert.deepEqual(all.sort(), [...ofTheAccount, "issuer.keys", "worker.health"].sort());
    assert.deepEqual(cloudflare.asked, []);
    expectFinding(read().findings, "settings.values", { result: "ok" });
  });

  test("without an address of the Worker", async () => {
    const { json: read } = await doctor(["--config", config, "--json"]);
    const command = "npm run doctor -- --url https://HOST";
    expectFinding(read().findings, "worker.health", { result: "unseen", command });
  });

  test("is not to be seen by the same command again", async () => {
    const nowhere = { CLOUDFLARE_API_TOKEN: state.token, CLOUDFLARE_API_BASE_URL: "http://127.0.0.1:9" };
    const silent = await configFile({ ...vars, JWT_JWKS_URL: "https://", JWT_ISSUER: "https://" });
    for (const env of [{}, nowhere]) {
      const { json: read } = await doctor(["--config", silent, "--json"], { env });
      const { findings } = read();
      assert.ok(!findings.some(({ command }) => command === "npm run doctor"));
      expectFinding(findings, "clock.skew", { result: "unseen", command: "npm run doctor -- --url https://HOST" });
    }
  });

  test("with a placeholder for the database", async () => {
    const { code, json: read } = await doctor(["--json", "--offline"]);
    assert.equal(code, 1);
    assert.equal(read().next, "npx wrangler d1 create spkey-edge");
    expectFinding(read().findings, "database.id", { seen: /no database_id/, command: "npx wrangler d1 create spkey-edge" });
  });
});

describe("a token", () => {
  const mint = (/** @type {object} */ claims = {}) =>
    issuer.control.mint({
      claims: { sub: "auth0|ada", email: "ada@smartphonekey.com", email_verified: true, amr: [], ...claims },
    });

  test("is read from standard input, explained and not shown", async () => {
    const good = mint();
    const passed = await run(["--token", "--json"], { input: `${good}\n` });
    assert.equal(passed.code, 0);
    expectFinding(passed.json().findings, "token.signature", { result: "ok" });
    const refused = mint({ aud: "https://other.example" });
    const { code, stdout } = await run(["--token"], { input: refused });
    assert.equal(code, 1);
    assert.match(stdout, /✗ aud is "https:\/\/other.example", JWT_AUDIENCE is "spkey-edge"\n {6}npm run set -- JWT_AUDIENCE=/);
    for (const token of [good, refused]) {
      for (const part of token.split(".")) assert.ok(!`${stdout}${passed.stdout}`.includes(part));
    }
  });

  test("is not given", async () => {
    const { code, json: read } = await run(["--token", "--json"], { input: "\n" });
    assert.equal(code, 3);
    assert.equal(found(read().findings, "token.form").result, "unseen");
  });

  test("is never taken from the command line, nor repeated", async () => {
    const token = mint();
    for (const args of [["--token", token], [`--token=${token}`], [token], [`--${token}`]]) {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 2, args[0]);
      assert.ok(!`${stdout}${stderr}`.includes(token.slice(0, 30)), `${args[0].slice(0, 10)}…: ${stderr}`);
    }
  });

  test("is asked for without an echo at a terminal", async () => {
    const token = mint();
    // `script` gives it a terminal; where there is none the test cannot be made.
    const command = `${process.execPath} dev/doctor.mjs --offline --token --config ${config}`;
    const child = execa("script", ["-qec", command, "/dev/null"], { cwd: ROOT, reject: false, timeout: 60_000 });
    child.stdout.on("data", (chunk) => {
      if (String(chunk).includes("press Enter")) child.stdin.write(`${token}\r`);
    });
    const { stdout, exitCode, code } = /** @type {any} */ (await child);
    if (code === "ENOENT") return;
    assert.match(stdout, /Paste the token/);
    assert.match(stdout, /aud: spkey-edge/);
    assert.ok(!stdout.includes(token.split(".")[1]));
    assert.equal(exitCode, 3);
  });
});

describe("how it is called", () => {
  test("--help says how it ends", async () => {
    const { code, stdout } = await run(["--help"]);
    assert.equal(code, 0);
    for (const line of [/^ {2}0 {2}/m, /^ {2}1 {2}/m, /^ {2}2 {2}/m, /^ {2}3 {2}/m]) assert.match(stdout, line);
  });

  test("wrongly", async () => {
    for (const [args, said] of /** @type {[string[], RegExp][]} */ ([
      [["--colour"], /--colour/],
      [["--url", "http://api.example.com"], /--url must be https/],
      [["--url"], /--url/],
      [["--wait", "long"], /--wait/],
      [["--wait", "-1"], /--wait/],
      [["now"], /options only/],
      [["--env", "staging"], /no environment staging/],
    ])) {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 2, String(args));
      assert.match(stderr, said);
      assert.equal(stdout, "");
    }
    const open = { ...environment(), CLOUDFLARE_API_BASE_URL: "http://api.example.com" };
    assert.equal((await run([], { env: open })).code, 2);
    // An error about a header would quote it.
    const broken = await run([], { env: { ...environment(), CLOUDFLARE_API_TOKEN: `${state.token}\nsecond-line` } });
    assert.equal(broken.code, 2);
    assert.ok(!broken.stderr.includes("second-line"));
  });

  test("as a script of package.json, beside npm run set", () => {
    const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8"));
    for (const name of ["doctor", "set"]) assert.match(scripts[name], new RegExp(`dev/install.mjs && exec .*dev/${name}.mjs$`));
  });
});

test("what it says leads from nothing to a deployment", async () => {
  Object.assign(state, { databases: [], queues: [queue("provisioning-dead-letters")], scripts: {} });
  const file = await configFile({ ...vars, JWT_AUDIENCE: "", CONSOLE_CLIENT_ID: undefined }, (own) => {
    own.d1_databases[0].database_id = "00000000-0000-0000-0000-000000000000";
    delete own.build; // it is built
  });
  const done = [];
  let last;
  for (let round = 0; round < 6; round += 1) {
    last = await doctor(["--config", file, "--url", front.url, "--json"], { env: environment() });
    const problems = last.json().findings.filter(({ result }) => result === "problem");
    // What a deployment mends comes last, and one command mends it all.
    const now = problems.filter(({ mendedByDeploying }) => !mendedByDeploying);
    const open = now.length > 0 ? now : problems.slice(0, 1);
    assert.equal(last.json().next, open[0]?.command ?? last.json().next);
    for (const { command } of open) await follow(String(command));
    done.push(open.map(({ check }) => check));
    if (open.length === 0) break;
  }
  assert.deepEqual(done, [
    ["database.exists", "queues.exist", "settings.ADMIN_API_KEY", "settings.JWT_AUDIENCE", "settings.CREDENTIALS_KEY"],
    ["database.exists"], // its id
    ["database.migrations"],
    ["queues.consumers"], // the deployment
    [],
  ]);
  assert.equal(last?.code, 0);
  const left = last?.json().findings.filter(({ check, result }) => result !== "ok" && check !== "build.present");
  assert.deepEqual(
    left?.map(({ check, result }) => [check, result]),
    [["settings.threedeye", "warning"]],
  );
});

/** Runs a command that was printed, as it is. @param {string} command */
async function follow(command) {
  // Named, because wrangler would remember which account was the only one.
  const env = {
    ...environment(),
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_WRITE_LOGS: "false",
    CI: "true",
  };
  const input = command.includes("secret put") ? "value-of-a-secret-of-the-tests" : "";
  await execa("sh", ["-c", command], { cwd: ROOT, env, input, timeout: 120_000 });
}
