/** What the doctor looks at, for tests: a wrangler.toml of a deployment where all is well, its account, its identity provider. */

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

import { execa } from "execa";
import { stringify } from "smol-toml";

import { readDeployment } from "../../dev/doctor/deployment.mjs";
import { startSimulator } from "../../dev/simulator/server.mjs";
import { database, queue, startCloudflare } from "./cloudflare.mjs";
import { deployment as ownConfig } from "./worker.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MIGRATIONS = join(ROOT, "migrations");

/**
 * @typedef {import("../../dev/doctor/finding.mjs").Finding} Finding
 * @typedef {import("./cloudflare.mjs").State} State
 */

export const DATABASE_ID = randomUUID();
export const ACCOUNT = randomBytes(16).toString("hex");
export const NAME = "spkey-edge";
export const SECRETS = ["ADMIN_API_KEY", "CREDENTIALS_KEY", "THREEDEYE_API_KEY", "CONSOLE_CLIENT_SECRET"];

const scratch = await mkdtemp(join(tmpdir(), "spkey-doctor-"));
after(() => rm(scratch, { recursive: true, force: true }));
await symlink(MIGRATIONS, join(scratch, "migrations"));
let files = 0;

/** Settings with which everything works. @param {string} issuer without its last slash */
export const varsOf = (issuer) => ({
  JWT_ISSUER: `${issuer}/`,
  JWT_AUDIENCE: "spkey-edge",
  JWT_JWKS_URL: `${issuer}/.well-known/jwks.json`,
  THREEDEYE_CUSTOMER_ID: "cust-1",
  CONSOLE_CLIENT_ID: "spkey-console",
});

/**
 * The wrangler.toml of this repository, ready to be deployed.
 * @param {Record<string, unknown>} vars
 * @param {(config: any) => void} [change]
 * @returns {Promise<string>} its path
 */
export async function configFile(vars, change = () => {}) {
  const config = ownConfig();
  config.main = join(ROOT, config.main);
  config.assets.directory = join(ROOT, config.assets.directory);
  Object.assign(config.d1_databases[0], { database_id: DATABASE_ID, migrations_dir: "migrations" });
  config.vars = vars;
  change(config);
  files += 1;
  const path = join(scratch, `wrangler-${files}.toml`);
  await writeFile(path, stringify(config));
  return path;
}

/** The same, read. @param {Record<string, unknown>} vars @param {(config: any) => void} [change] */
export async function deploymentWith(vars, change) {
  const { deployment, findings } = await readDeployment({ config: await configFile(vars, change) });
  assert.ok(deployment, JSON.stringify(findings));
  return { deployment, findings };
}

/** A database to which the migrations were applied, or the first so many of them. @param {number} [count] */
export function migrated(count) {
  const made = database(NAME, DATABASE_ID);
  made.sqlite.exec("CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TEXT)");
  for (const name of readdirSync(MIGRATIONS).sort().slice(0, count)) {
    made.sqlite.exec(readFileSync(join(MIGRATIONS, name), "utf8"));
    made.sqlite.prepare("INSERT INTO d1_migrations (name) VALUES (?)").run(name);
  }
  return made;
}

/** The bindings of the deployed Worker. @param {Record<string, unknown>} vars @param {string[]} [secrets] */
export const bindingsOf = (vars, secrets = SECRETS) => [
  { type: "d1", name: "DB", id: DATABASE_ID },
  { type: "queue", name: "PROVISIONING_QUEUE", queue_name: "provisioning" },
  ...ownConfig().ratelimits.map((/** @type {any} */ one) => ({ type: "ratelimit", ...one })),
  ...secrets.map((name) => ({ type: "secret_text", name })),
  ...Object.entries(vars).map(([name, text]) => ({ type: "plain_text", name, text })),
];

/** An account in which everything is as it should be. @param {Record<string, unknown>} vars @returns {State} */
export function healthyAccount(vars) {
  const consumer = (/** @type {string} */ deadLetters) => ({ type: "worker", script: NAME, dead_letter_queue: deadLetters });
  return {
    token: `cf-${randomBytes(24).toString("hex")}`,
    tokenState: { status: "active" },
    tokenOf: "user",
    accounts: [{ id: ACCOUNT, name: "Example" }],
    databases: [migrated()],
    queues: [queue("provisioning", [consumer("provisioning-dead-letters")]), queue("provisioning-dead-letters", [consumer("")])],
    scripts: {
      [NAME]: {
        bindings: bindingsOf(vars),
        schedules: ["*/15 * * * *"],
        deployments: [
          { id: randomUUID(), created_on: "2026-11-20T10:00:00Z", versions: [{ version_id: randomUUID(), percentage: 100 }] },
        ],
      },
    },
    subdomain: "example",
    denied: undefined,
    broken: undefined,
  };
}

/** Cloudflare's API and an identity provider, for one test file. */
export async function worldForThisFile() {
  const issuer = await startSimulator();
  after(() => issuer.close());
  const vars = varsOf(issuer.url);
  const cloudflare = await startCloudflare(healthyAccount(vars));
  after(() => cloudflare.close());
  /** A healthy account with changes. @param {(state: State) => void} [change] */
  const reset = (change = () => {}) => {
    Object.assign(cloudflare.state, healthyAccount(vars));
    change(cloudflare.state);
  };
  return { issuer, vars, cloudflare, reset };
}

/**
 * Runs the command.
 * @param {string[]} args
 * @param {{env?: Record<string, string>, input?: string}} [options]
 */
export async function doctor(args, { env = {}, input = "" } = {}) {
  const inherited = { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR };
  // The login of the person who runs the tests is not used.
  const own = { HOME: scratch, XDG_CONFIG_HOME: scratch, WRANGLER_SEND_METRICS: "false", ...env };
  const options = /** @type {const} */ ({ cwd: ROOT, env: { ...inherited, ...own }, extendEnv: false, input, reject: false });
  const { exitCode, stdout, stderr } = await execa(process.execPath, [join(ROOT, "dev/doctor.mjs"), ...args], options);
  /** @returns {{findings: Finding[], exitCode: number, version: string, counts: any, next?: string}} */
  const json = () => JSON.parse(stdout);
  return { code: exitCode, stdout, stderr, json };
}

/** The one finding of a check. @param {Finding[]} findings @param {string} check */
export function found(findings, check) {
  const own = findings.filter((finding) => finding.check === check);
  assert.equal(own.length, 1, `${check} in ${JSON.stringify(findings, null, 1)}`);
  return own[0];
}

/**
 * Holds the one finding of a check against what is expected.
 * @param {Finding[]} findings @param {string} check @param {{result?: string, seen?: RegExp, command?: string | RegExp}} expected
 */
export function expectFinding(findings, check, { result = "problem", seen, command }) {
  const finding = found(findings, check);
  assert.equal(finding.result, result, JSON.stringify(finding));
  if (seen) assert.match(finding.seen, seen);
  const said = (finding.command ?? "").replace(/ --config \S+/g, "");
  if (typeof command === "string") assert.equal(said, command);
  else if (command) assert.match(said, command);
  else assert.equal(finding.command, undefined);
}
