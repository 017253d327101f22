// `npm start`: everything, from a fresh clone to a Worker that answers on
// localhost, with demo users, a stand-in for 3dEye and a token issuer beside it.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { demoAccounts, demoPeople, demoUsers, EXAMPLES, OPERATORS, STUCK } from "./seed.mjs";
import { ensureToolchain } from "./setup.mjs";
import { accountLines } from "./tooling/account-lines.mjs";
import { Children } from "./tooling/children.mjs";
import { runCron, triggerCron } from "./tooling/cron.mjs";
import { curlLines, userKeyLines } from "./tooling/curl-lines.mjs";
import { prepareDatabase } from "./tooling/database.mjs";
import { DEMO_INSTANCE_FILE, ensureDemoInstance } from "./tooling/demo-instance.mjs";
import { bringIntoStates, makeTroubles } from "./tooling/demo-states.mjs";
import { dialectOf, localConfig, usesForeignUpstream } from "./tooling/local-config.mjs";
import { tryLock } from "./tooling/lock.mjs";
import { receiveNotices } from "./tooling/notices.mjs";
import { whenParentIsGone } from "./tooling/parent.mjs";
import { DEV, inRoot } from "./tooling/paths.mjs";
import { freePort } from "./tooling/ports.mjs";
import { RUN_LOCK, readRunFile, removeRunFile, writeRunFile } from "./tooling/run-file.mjs";
import { explain, Failure, runMain, say, secondsSinceStart, step } from "./tooling/say.mjs";
import { addAccounts, configure, countAccounts, mintToken, tokensOf, verifiedEmail } from "./tooling/simulator.mjs";
import { STATE, WRANGLER, wranglerEnv } from "./tooling/wrangler.mjs";

const HELP = `npm start [-- options]

  --port PORT   where the Worker listens; default: $PORT, or 8787
  --fresh       throws away the local database, the simulated accounts and the secrets first
  --help        this text

The Worker's settings can be overridden in .dev.vars, see .dev.vars.example.
`;

/** Always the same if possible: it is part of the tokens' issuer, and they shall outlive a restart. */
const SIMULATOR_PORT = 8790;
const SIMULATOR_STATE = join(DEV, "simulator.json");
const STARTUP_LIMIT_MS = 120_000;
const IMPATIENT_AFTER_MS = 1_000;
const TOKEN_LIFETIME_S = 12 * 3600;

async function main() {
  const options = readOptions();
  if (options.help) return say(HELP);
  const toolchain = await ensureToolchain();
  holdTheOnlyRun();
  if (options.fresh) throwLocalDataAway();
  await build(toolchain);
  const service = await startAll(options.port);
  const access = await accessOf(service);
  await startCron(service, access);
  showHowToUse(service, access, await demoInstance(access));
  say(
    `\nReady after ${secondsSinceStart()}. Logs are in .dev/logs (tail -f .dev/logs/worker.log); changes in src/ are built at once; Ctrl-C stops everything.`,
  );
}

function readOptions() {
  const { values } = parseArgs({
    options: { port: { type: "string" }, fresh: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  const port = Number(values.port ?? process.env.PORT ?? 8787);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Failure("The port must be a number from 1 to 65535");
  return { port, fresh: values.fresh, help: values.help };
}

/** Two Workers on one database file would only disturb each other. */
function holdTheOnlyRun() {
  if (tryLock(RUN_LOCK)) return;
  const running = readRunFile();
  throw new Failure(`It runs already in this checkout${running ? `: ${running.worker} (process ${running.pid})` : ""}`, {
    hint: "Stop that one first (Ctrl-C in its terminal), or use it.",
  });
}

function throwLocalDataAway() {
  say("  Throwing away the local database, the simulated accounts and the secrets.");
  for (const path of [STATE, SIMULATOR_STATE, join(DEV, "secrets.json"), DEMO_INSTANCE_FILE])
    rmSync(path, { recursive: true, force: true });
}

/**
 * @typedef {object} Service
 * @property {import("./tooling/run-file.mjs").Running} running
 * @property {ReturnType<typeof localConfig>} config
 * @property {boolean} isDemo whether 3dEye is the simulator
 * @property {boolean} isNew whether the demo users were just added
 */

/** @param {number} wantedPort @returns {Promise<Service>} */
async function startAll(wantedPort) {
  const children = supervise();
  const simulatorPort = await freePort(SIMULATOR_PORT, "the simulator");
  const simulator = `http://127.0.0.1:${simulatorPort}`;
  const noticesPort = await freePort(simulatorPort + 1, "the receiver of notices");
  const notices = await receiveNotices(noticesPort);
  const config = localConfig({ simulator, notices: `http://127.0.0.1:${noticesPort}/` });
  notices.expect(config.vars.NOTIFY_WEBHOOK_SECRET ?? "");
  if (config.own.length > 0) say(`  From .dev.vars: ${config.own.join(", ")}`);

  // Demo users must never become accounts at the real vendor.
  const foreign = usesForeignUpstream(config.vars);
  if (foreign) say(`  THREEDEYE_BASE_URL is not the local simulator: no demo users, and no scheduled runs of their own accord.`);
  const domain = adminDomain(config.vars);
  const isNew = await prepareDatabase({
    users: foreign ? [] : demoUsers(),
    first: STUCK,
    operators: OPERATORS.map((name) => `${name}@${domain}`),
  });

  children.start("simulator", [
    inRoot("dev", "simulator", "main.mjs"),
    "--port",
    String(simulatorPort),
    "--state",
    SIMULATOR_STATE,
  ]);
  await answers(`${simulator}/.well-known/jwks.json`, "the simulator");
  if ((await countAccounts(simulator)) === 0) await addAccounts(simulator, demoAccounts());
  await configure(simulator, {
    dialect: dialectOf(config.vars),
    openid: {
      clientId: config.vars.CONSOLE_CLIENT_ID,
      clientSecret: config.vars.CONSOLE_CLIENT_SECRET,
      people: demoPeople(domain),
    },
  });
  await makeTroubles(simulator);

  const port = await freePort(wantedPort, "the Worker");
  const worker = `http://127.0.0.1:${port}`;
  let isUp = false;
  await step("starting the Worker", async () => {
    const files = config.files.flatMap((file) => ["--env-file", file]);
    const args = [
      "dev",
      "--ip",
      "127.0.0.1",
      "--port",
      String(port),
      "--persist-to",
      STATE,
      "--show-interactive-dev-session=false",
      ...files,
    ];
    children.start("worker", [WRANGLER, ...args], { env: wranglerEnv(), onLine: (line) => isUp && tellOfRebuild(line) });
    await answers(`${worker}/health`, "the Worker");
  });
  isUp = true;

  const running = { pid: process.pid, worker, simulator, tokens: tokensOf(config.vars) };
  writeRunFile(running);
  return { running, config, isDemo: !foreign, isNew };
}

/** @param {Service} service @param {Access} access */
async function startCron({ running, isDemo, isNew }, access) {
  if (!isDemo) return;
  if (isNew) await bringIntoStates(running, access);
  // Cloudflare's cron never slept: make up for the runs since the last start.
  else await triggerCron(running.worker);
  runCron(running.worker);
}

/** @param {Record<string, string | undefined>} vars */
const adminDomain = (vars) => vars.ADMIN_EMAIL_DOMAINS?.split(",")[0]?.trim() ?? "";

/** wrangler builds again when a source changes; how that went belongs on the screen, the rest into the log. @param {string} line */
function tellOfRebuild(line) {
  const said = line.match(/\[custom build\] (.*\S)/)?.[1];
  if (said && !said.startsWith("Running:")) say(`  ${said}`);
}

/** Ends everything when asked to, when a part of it dies, and when the process that started us is gone. */
function supervise() {
  let askedAt = 0;
  const children = new Children((failure) => {
    explain(failure);
    void stop(1);
  });
  /** @param {number} code */
  async function stop(code) {
    // One Ctrl-C may arrive twice, from the terminal and from npm. A second one means: at once.
    if (askedAt > 0 && performance.now() - askedAt > IMPATIENT_AFTER_MS) process.exit(code);
    if (askedAt > 0) return;
    askedAt = performance.now();
    say("\nStopping …");
    await children.stopAll();
    removeRunFile();
    process.exit(code);
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.removeAllListeners(signal);
    process.on(signal, () => void stop(signal === "SIGINT" ? 0 : 143));
  }
  // A closed terminal can't be written to; that is no reason to die halfway through stopping.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  whenParentIsGone(() => void stop(1));
  return children;
}

/** Waits until something answers, whatever it says. @param {string} url @param {string} what */
async function answers(url, what) {
  const deadline = performance.now() + STARTUP_LIMIT_MS;
  while (performance.now() < deadline) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
      await response.arrayBuffer();
      return;
    } catch {
      await sleep(100);
    }
  }
  throw new Failure(`${what} does not answer at ${url}`, { log: ".dev/logs" });
}

/** @typedef {import("./tooling/curl-lines.mjs").Access} Access */
/** @typedef {import("./tooling/demo-instance.mjs").DemoInstance} DemoInstance */

/** @param {Service} service @returns {Promise<Access>} */
async function accessOf({ running, config }) {
  const person = (/** @type {string} */ sub, /** @type {string} */ email) =>
    mintToken(running, { sub, ...verifiedEmail(running, email) }, TOKEN_LIFETIME_S);
  return {
    worker: running.worker,
    adminKey: config.vars.ADMIN_API_KEY ?? "",
    adminToken: await person("local|support", `support@${adminDomain(config.vars)}`),
    userToken: await person(EXAMPLES.fresh.uuid, EXAMPLES.fresh.email),
  };
}

/** Nothing else depends on it: a Worker with an issuer or keys of its own may refuse us. @param {Access} access */
async function demoInstance(access) {
  try {
    return await ensureDemoInstance(access, EXAMPLES.fresh.uuid);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`  No demo instance for the user-key API. ${error.message}`);
    return undefined;
  }
}

/** @param {Service} service @param {Access} access @param {DemoInstance | undefined} instance */
function showHowToUse({ config, isDemo }, access, instance) {
  const isOwnProvider = !config.own.includes("JWT_ISSUER") && !config.own.includes("CONSOLE_CLIENT_ID");
  const who = isOwnProvider ? `  (sign in as support@${adminDomain(config.vars)}, no password)` : "";
  if (isDemo) say(`\nCron runs every quarter of an hour; now: curl -s ${access.worker}/cdn-cgi/handler/scheduled`);
  say(`\n${curlLines(access)}`);
  if (instance) say(`\n${userKeyLines(access.worker, instance)}`);
  say(`\n${accountLines(access.worker)}`);
  say("\n# More tokens: npm run -s token -- --help");
  if (config.own.includes("JWT_JWKS_URL"))
    say("# .dev.vars names another token issuer: it will not accept these tokens, use its own.");
  // Last, where it is seen: all above has scrolled by.
  say(`\nConsole: ${access.worker}/console/${who}`);
}

await runMain(main);
