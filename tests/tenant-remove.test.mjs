/** `npm run tenant -- --remove`: what a run had to leave behind is deleted by the command that it printed, and nothing else is. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { execa } from "execa";

import { remainsInWords } from "../dev/tenant/left-behind.mjs";
import { inRoot } from "../dev/tooling/paths.mjs";
import { API_KEY, simulatorForThisFile } from "./support/simulator.mjs";
import { EXIT, tenantFor, WITH_LOGIN } from "./support/tenant.mjs";
import { NO_TERMINAL, onTerminal } from "./support/terminal.mjs";
import { until } from "./support/until.mjs";

const { sim } = await simulatorForThisFile();
const { begin, run } = await tenantFor(sim);
const ROOT = fileURLToPath(new URL("..", import.meta.url));

const EMAIL = "you+test@example.com";
const WRITE = ["--write", EMAIL, "--yes"];
const DELETE = { method: "DELETE", path: "/users/" };
const KEY = { THREEDEYE_API_KEY: API_KEY };

beforeEach(() => sim.control.seed({ generate: { count: 3, prefix: "person-" } }));

const emails = () => sim.control.users().map(({ email }) => email);

/** @param {string} stderr of the run @returns {string} */
const commandIn = (stderr) => stderr.trimEnd().split("\n").at(-1)?.trim() ?? "";

/** Runs the printed command in a shell; npm itself would first look for what is to be installed. @param {string} command @param {Record<string, string>} [env] */
async function inShell(command, env = KEY) {
  assert.match(command, /^npm run tenant -- --remove '[^']+\.left-behind\.json'$/);
  const own = command.replace("npm run tenant --", '"$NODE" dev/tenant.mjs');
  const options = { cwd: ROOT, env: { PATH: process.env.PATH, NODE: process.execPath, ...env }, extendEnv: false, reject: false };
  const { exitCode: code, stdout, stderr } = await execa("sh", ["-c", own], options);
  return { code, stdout, stderr };
}

/** A run that could not delete its account. @param {Record<string, string>} [env] */
async function leftBehind(env = {}) {
  sim.control.fault({ match: DELETE, times: "always", action: { status: 503 } });
  const ended = await run(WRITE, env);
  sim.control.clearFaults();
  assert.equal(ended.code, EXIT.notReached, ended.stderr);
  assert.ok(emails().includes(EMAIL));
  return ended;
}

/** @param {any} ended @param {(record: any) => void} change */
function rewritten({ report }, change) {
  const record = JSON.parse(readFileSync(report.record, "utf8"));
  change(record);
  writeFileSync(report.record, JSON.stringify(record));
}

describe("an account that is left behind", () => {
  test("is removed by the last line printed, as it stands there", async () => {
    for (const env of [{}, WITH_LOGIN]) {
      sim.control.configure({ requireBearer: env === WITH_LOGIN });
      const ended = await leftBehind(env);
      assert.equal(statSync(ended.report.record).mode & 0o777, 0o600);
      assert.ok(!readFileSync(ended.report.record, "utf8").includes(API_KEY));
      sim.control.clearCalls();
      const { code, stdout, stderr } = await inShell(commandIn(ended.stderr), { ...KEY, ...env });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /Nothing is left behind any more/);
      assert.equal(emails().length, 3);
      assert.equal(existsSync(ended.report.record), false);
      assert.equal(sim.control.calls().filter(({ method }) => method === "DELETE").length, 1);
      const again = await inShell(commandIn(ended.stderr), { ...KEY, ...env });
      assert.equal(again.code, EXIT.usage);
      assert.match(again.stderr, /There is no file .*\.left-behind\.json\n.*A removal that succeeded deletes it/);
    }
  });

  test("is told below the report, and with the exit code that --help has, also after an interruption", async () => {
    sim.control.fault({ match: DELETE, times: "always", action: { status: 503 } });
    sim.control.configure({ visibilityDelayMs: { create: 60_000, delete: 0 } });
    const { child, said, ended } = begin(WRITE);
    await until(() => said.stderr.includes("Waiting until the list shows it"));
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    assert.equal(code, EXIT.notReached);
    assert.match(stdout, /The run ended early: ended by SIGINT/);
    assert.match(stderr, /✗ Left behind: .*\nThis removes what was left behind:\n {2}npm run tenant -- --remove '.*'\n$/);
  });

  test("of the simulator is removed from there", () => {
    const command = /** @param {boolean} isSimulator */ (isSimulator) =>
      commandIn(remainsInWords([{ id: "1", email: EMAIL }], inRoot("x.left-behind.json"), isSimulator));
    assert.equal(command(true), "npm run tenant -- --simulator --remove 'x.left-behind.json'");
    assert.equal(command(false), "npm run tenant -- --remove 'x.left-behind.json'");
  });

  test("is told last where both outputs are one", async () => {
    sim.control.fault({ match: DELETE, times: "always", action: { status: 503 } });
    const env = { ...KEY, THREEDEYE_BASE_URL: `${sim.url}/v3`, THREEDEYE_CUSTOMER_ID: "cust-1" };
    const { report } = await run();
    const args = ["dev/tenant.mjs", ...WRITE, "--transcript", report.transcript];
    const { all = "" } = await execa(process.execPath, args, { cwd: ROOT, env, all: true, reject: false });
    assert.ok(all.indexOf("18 rows: ") < all.indexOf("✗ Left behind"), all);
    assert.match(commandIn(all), /^npm run tenant -- --remove /);
  });

  test("of a create that was not answered is found by the run's password", async () => {
    sim.control.fault({ match: { method: "POST", path: "/users" }, times: "always", action: { reset: "after" } });
    const { child, said, ended } = begin(WRITE);
    await until(() => said.stderr.includes("Creating an account"));
    sim.control.fault({ match: { method: "GET", path: "/users" }, times: "always", action: { status: 503 } });
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    assert.equal(code, EXIT.notReached);
    assert.match(stderr, /✗ Perhaps left behind: an account with you\+test/);
    assert.ok(emails().includes(EMAIL));
    sim.control.clearFaults();
    const removed = await inShell(commandIn(stderr));
    assert.equal(removed.code, 0, removed.stderr);
    assert.equal(emails().length, 3);
  });

  test("that still cannot be deleted stays in the record", async () => {
    const ended = await leftBehind();
    sim.control.fault({ match: DELETE, times: "always", action: { status: 503 } });
    const again = await inShell(commandIn(ended.stderr));
    assert.equal(again.code, EXIT.notReached);
    assert.equal(commandIn(again.stderr), commandIn(ended.stderr));
    sim.control.clearFaults();
    assert.equal((await inShell(commandIn(again.stderr))).code, 0);
  });

  test("is gone already", async () => {
    const ended = await leftBehind();
    sim.control.reset();
    const { code, stderr } = await inShell(commandIn(ended.stderr));
    assert.equal(code, 0, stderr);
  });

  test("is removed with a key that is asked for", { skip: NO_TERMINAL }, async () => {
    const { report } = await leftBehind();
    const args = [`${ROOT}dev/tenant.mjs`, "--remove", report.record];
    const answers = /** @type {[string, string][]} */ ([
      ["API key: ", `${API_KEY}\r`],
      ["(Enter for none): ", "\r"],
    ]);
    const { code, shown } = await onTerminal(args, { env: {}, answers });
    assert.equal(code, 0, shown);
    assert.ok(!shown.includes(API_KEY));
    assert.equal(emails().length, 3);
  });
});

describe("nothing else is deleted", () => {
  /** @param {any} ended @param {RegExp} says @param {number} code @param {Record<string, string>} [env] */
  async function assertRefused(ended, says, code, env = {}) {
    sim.control.clearCalls();
    const refused = await inShell(commandIn(ended.stderr), { ...KEY, ...env });
    assert.equal(refused.code, code, refused.stderr);
    assert.match(refused.stderr, says);
    assert.doesNotMatch(refused.stderr, /^ +at /m);
    assert.ok(sim.control.calls().every(({ method }) => method !== "DELETE"));
  }

  test("than what is recorded, and only at the record's tenant and customer", async () => {
    const ended = await leftBehind();
    const usage = EXIT.usage;
    await assertRefused(ended, /THREEDEYE_CUSTOMER_ID is not that of the record/, usage, { THREEDEYE_CUSTOMER_ID: "cust-2" });
    await assertRefused(ended, /THREEDEYE_BASE_URL is not that of/, usage, { THREEDEYE_BASE_URL: "https://x.example" });
    await assertRefused(ended, /THREEDEYE_API_KEY is missing/, usage, { THREEDEYE_API_KEY: "" });
    const wrongKey = { THREEDEYE_API_KEY: "not-the-key" };
    await assertRefused(ended, /could not be read to its end \(page 1: 401/, EXIT.notReached, wrongKey);
    const other = sim.control.users().find(({ email }) => email !== EMAIL);
    rewritten(ended, (record) => (record.accounts[0].id = other?.id));
    await assertRefused(ended, /✗ the account .* has another e-mail now: nothing was deleted/, usage);
    rewritten(ended, (record) => (record.accounts[0].id = ".."));
    await assertRefused(ended, /--remove wants the record that a run wrote/, usage);
  });

  test("in a run that does other things, too", async () => {
    const { code, stderr } = await begin(["--remove", "none.json", ...WRITE]).ended;
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /--remove goes with no other option but/);
  });
});
