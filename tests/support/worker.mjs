/** The built Worker on real workerd with a real D1, run by the runtime's own host, Miniflare, or as wrangler runs it. */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build as bundle } from "esbuild";
import { parse as parseToml, stringify as stringifyToml } from "smol-toml";

import { workerdPids } from "../../bench/cpu.mjs";
import { consoleOf, Database } from "./d1.mjs";

// Before wrangler is loaded: it stays offline and reads no developer's files.
Object.assign(process.env, {
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
});
const { Miniflare, convertV4MiniflareOptions: optionsOf } = await import("miniflare");

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILD = join(ROOT, "build");
const CONFIG = join(ROOT, "wrangler.toml");
/** What wrangler.toml says. Wrangler itself takes most of a second to load, which few test files need. */
export const deployment = () => /** @type {any} */ (parseToml(readFileSync(CONFIG, "utf8")));

/**
 * @typedef {{timestamp: number, level: string, message: string}} LogLine
 *
 * @typedef {object} Running
 * @property {string} url
 * @property {any} db the D1 binding, to seed and to look into
 * @property {(cron: string) => Promise<void>} scheduled
 * @property {(messages: unknown[]) => Promise<Delivered>} [deliver] only with a queue, and not under wrangler: hands messages
 *   over, past the queue
 * @property {(message: unknown) => Promise<unknown>} [enqueue] the same Workers: puts a message into the queue
 * @property {() => LogLine[]} logs
 * @property {() => Promise<void>} close
 * @property {() => number} [pid] of workerd; not under wrangler
 * @property {() => Promise<void>} [kill] SIGKILLs workerd, at once; resolves when it runs again over what was stored.
 *   Not under wrangler
 *
 * @typedef {object} Delivered how the messages were answered, by their places from 0
 * @property {string} outcome
 * @property {string[]} explicitAcks
 * @property {{msgId: string, delaySeconds?: number}[]} retryMessages
 *
 * @typedef {object} Settings
 * @property {Record<string, string>} vars
 * @property {Record<string, string>} secrets
 * @property {boolean} [instrumented] with the instruments of `instruments.js`
 * @property {boolean} [migrated] false: the database is left empty
 * @property {string} [database] Workers that name the same one share it; not under wrangler
 * @property {boolean} [assets] with the static files of `build/assets` in front of it, as `[assets]` of wrangler.toml puts them
 * @property {Record<string, number>} [rateLimits] how often a minute, by binding; not under wrangler
 * @property {boolean | object} [queue] with the queues of wrangler.toml, or with some settings of the consumer changed, but not
 *   under wrangler. Without it there is no queue.
 */

/**
 * As wrangler runs it: routes, bindings and migrations of wrangler.toml.
 * @param {Settings} settings
 * @returns {Promise<Running>}
 */
export async function startUnderWrangler({ vars, secrets, instrumented = false, migrated = true, queue = false }) {
  const config = queue ? { path: CONFIG, remove: async () => {} } : await configWithoutQueues();
  const built = instrumented ? await instrument() : { dir: theBuild(), remove: async () => {} };
  const { createTestHarness } = await import("wrangler");
  const harness = createTestHarness({
    root: ROOT,
    workers: [{ configPath: config.path, prebuiltWorkerDir: built.dir, vars, secrets }],
  });
  const { url } = await harness.listen();
  const worker = harness.getWorker();
  if (migrated) await worker.applyD1Migrations("DB");
  const { DB: db } = await worker.getEnv();
  return {
    url: url.origin,
    db,
    scheduled: async (cron) => void (await worker.scheduled({ cron })),
    logs: () => /** @type {LogLine[]} */ (harness.getLogs()),
    close: async () => {
      await harness.close();
      await Promise.all([built.remove(), config.remove()]);
    },
  };
}

/** A copy of wrangler.toml without its queues, as a deployment without them has it. */
async function configWithoutQueues() {
  const dir = await mkdtemp(join(tmpdir(), "spkey-edge-config-"));
  const { queues: _, ...config } = deployment();
  config.main = join(ROOT, config.main);
  config.assets.directory = join(ROOT, config.assets.directory);
  for (const database of config.d1_databases) database.migrations_dir = join(ROOT, database.migrations_dir);
  const path = join(dir, "wrangler.toml");
  await writeFile(path, stringifyToml(config));
  return { path, remove: () => rm(dir, { recursive: true, force: true }) };
}

/**
 * Without wrangler in between: a connection that breaks is one that breaks, where wrangler's proxy would make an answer of
 * it. One process can hold several Workers, one for each configuration.
 * @param {Record<string, Settings>} settings by a name for each Worker
 * @returns {Promise<Record<string, Running>>}
 */
export async function startWorkers(settings) {
  const { compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } = deployment();
  const logs = /** @type {LogLine[]} */ ([]);
  const plain = { dir: theBuild(), remove: async () => {} };
  const built = Object.values(settings).some(({ instrumented }) => instrumented) ? await instrument() : plain;
  const workers = Object.entries(settings).map(
    ([name, { vars, secrets, database = name, rateLimits = {}, instrumented, queue, assets }]) => ({
      name,
      ...modulesOf(instrumented ? built.dir : plain.dir),
      compatibilityDate,
      compatibilityFlags,
      bindings: { ...vars, ...secrets },
      d1Databases: { DB: `db-${database}` },
      ...(queue ? queuesOf(name, queue) : {}),
      ...(assets && { assets: { directory: join(theBuild(), "assets"), routerConfig: { has_user_worker: true } } }),
      ratelimits: Object.fromEntries(
        Object.entries(rateLimits).map(([binding, limit]) => [
          binding,
          { namespace_id: `${name}-${binding}`, simple: { limit, period: /** @type {const} */ (60) } },
        ]),
      ),
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    }),
  );
  const databases = [...new Set(workers.map(({ d1Databases }) => d1Databases.DB))];
  const consoles = await Promise.all(databases.map(consoleOf));
  let onRestart = () => {};
  const host = new Miniflare(
    optionsOf({
      port: 0,
      cf: false,
      handleStructuredLogs: (line) => logs.push(line),
      // The host starts a workerd that has died again by itself, at the same address and over the same D1, which lies on
      // disk until the host is disposed.
      unsafeHandleRuntimeRestart: () => onRestart(),
      workers: [...workers, .../** @type {typeof workers} */ (consoles)],
    }),
  );
  await host.ready;
  const running = /** @type {Record<string, Running>} */ ({});
  const databaseOf = async (/** @type {string} */ name) =>
    new Database((await host.unsafeGetDirectURL(`console-db-${settings[name].database ?? name}`)).href);
  /** What leads into workerd has to be fetched anew after it was restarted. */
  const connect = async () => {
    for (const [name, worker] of Object.entries(running)) {
      const { scheduled } = await host.getWorker(name);
      worker.db = await databaseOf(name);
      worker.scheduled = async (cron) => void (await scheduled({ cron }));
    }
  };
  const kill = async () => {
    const restarted = new Promise((resolve) => (onRestart = () => resolve(undefined)));
    process.kill(pidOfWorkerd(), "SIGKILL");
    await restarted;
    await connect();
  };
  const ready = new Set();
  for (const [name, { migrated = true, database = name }] of Object.entries(settings)) {
    const db = await databaseOf(name);
    if (migrated && !ready.has(database)) await migrate(db);
    ready.add(database);
    const { scheduled, queue } = await host.getWorker(name);
    running[name] = {
      url: (await host.unsafeGetDirectURL(name)).origin,
      db,
      scheduled: async (cron) => void (await scheduled({ cron })),
      ...(settings[name].queue && {
        deliver: (messages) =>
          queue(
            name,
            messages.map((body, index) => ({ id: String(index), timestamp: new Date(), attempts: 1, body })),
          ),
        enqueue: async (message) =>
          (await host.getQueueProducer("PROVISIONING_QUEUE", name)).send(message, { contentType: "json" }),
      }),
      logs: () => logs,
      close: async () => {
        await host.dispose();
        await built.remove();
      },
      pid: pidOfWorkerd,
      kill,
    };
  }
  return running;
}

/** For files with one workerd at a time. Where there is no /proc, the system is asked. */
function pidOfWorkerd() {
  const [known] = workerdPids();
  const pid = known ?? Number(execFileSync("pgrep", ["-P", String(process.pid), "workerd"], { encoding: "utf8" }));
  if (!Number.isInteger(pid)) throw new Error("no workerd runs, or more than one");
  return pid;
}

/**
 * The queues of wrangler.toml under names of this Worker's own, and without the waits that the Worker doesn't ask for itself.
 * @param {string} name @param {boolean | object} changes
 */
function queuesOf(name, changes) {
  const { producers, consumers } = deployment().queues;
  const [main] = /** @type {any[]} */ (consumers);
  const deadLetters = `${name}-dead-letters`;
  const settings = {
    maxBatchSize: main.max_batch_size,
    maxRetries: main.max_retries,
    deadLetterQueue: deadLetters,
    maxBatchTimeout: 0.2,
    retryDelay: 0,
  };
  return {
    queueProducers: { [/** @type {any} */ (producers)[0].binding]: name },
    queueConsumers: {
      [name]: { ...settings, ...(changes === true ? {} : /** @type {object} */ (changes)) },
      [deadLetters]: { maxBatchTimeout: 0.2, maxRetries: 100, retryDelay: 1 },
    },
  };
}

/** @param {string} dir @returns {{modules: any[], modulesRoot: string}} */
const modulesOf = (dir) => ({
  modules: [
    { type: "ESModule", path: join(dir, "worker.js") },
    { type: "CompiledWasm", path: join(dir, "index_bg.wasm") },
  ],
  modulesRoot: dir,
});

function theBuild() {
  if (!existsSync(join(BUILD, "worker.js"))) throw new Error("build/ is empty: `npm run build` first");
  return BUILD;
}

/** The build with the instruments in front. */
async function instrument() {
  const dir = await mkdtemp(join(tmpdir(), "spkey-edge-e2e-"));
  await bundle({
    entryPoints: { worker: fileURLToPath(new URL("instruments.js", import.meta.url)) },
    alias: { "the-built-worker": join(theBuild(), "worker.js") },
    external: ["cloudflare:workers", "*.wasm"],
    bundle: true,
    format: "esm",
    target: "esnext",
    outdir: dir,
    logLevel: "warning",
  });
  for (const name of await readdir(BUILD)) if (name.endsWith(".wasm")) await cp(join(BUILD, name), join(dir, name));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** Applies the migrations. @param {any} db */
export async function migrate(db, isWanted = (/** @type {string} */ _) => true) {
  const dir = join(ROOT, "migrations");
  for (const file of (await readdir(dir)).sort().filter(isWanted)) {
    await db.batch([db.prepare(await readFile(join(dir, file), "utf8"))]);
  }
}
