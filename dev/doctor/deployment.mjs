// What is to be deployed: wrangler.toml, as wrangler itself reads it, and what is in it that cannot work.

import { existsSync, readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { inRoot } from "../tooling/paths.mjs";
import { Failure } from "../tooling/say.mjs";
import { wranglerEnv } from "../tooling/wrangler.mjs";
import { Commands, placeOf } from "./commands.mjs";
import { ok, problem, undeployed } from "./finding.mjs";

/**
 * @typedef {import("./finding.mjs").Finding} Finding
 *
 * @typedef {object} Deployment
 * @property {string} file wrangler.toml
 * @property {string} name of the Worker
 * @property {Record<string, unknown>} vars
 * @property {any} config all that wrangler reads of it
 * @property {string[]} migrations their files, in order
 * @property {Commands} commands
 */

/** The binding names that the Worker looks for. */
const DATABASE = "DB";
export const QUEUE = "PROVISIONING_QUEUE";

/** How the Worker tells a queue of dead letters. */
const DEAD_LETTERS = "dead-letters";

/** What `wrangler.toml` of the repository has until there is a database. */
export const isPlaceholder = (/** @type {unknown} */ id) => typeof id !== "string" || /^[0-]*$/.test(id);

/**
 * @param {{config?: string, env?: string}} options
 * @returns {Promise<{deployment?: Deployment, findings: Finding[]}>}
 */
export async function readDeployment(options) {
  const file = resolve(options.config ?? inRoot("wrangler.toml"));
  const commands = new Commands(options);
  Object.assign(process.env, wranglerEnv());
  try {
    const { unstable_readConfig: readConfig } = await import("wrangler");
    const config = /** @type {any} */ (readConfig({ config: file, env: options.env }));
    if (options.env && !config.definedEnvironments?.includes(options.env)) {
      throw new Failure(`${placeOf(file)} has no environment ${options.env}`);
    }
    const deployment = {
      file,
      name: config.name,
      vars: config.vars ?? {},
      config,
      migrations: migrationsOf(file, config),
      commands,
    };
    return { deployment, findings: checkConfiguration(deployment) };
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { message } = /** @type {Error} */ (error);
    const seen = `${placeOf(file)} cannot be read: ${message.replace(/\s+/g, " ")}`;
    return { findings: [problem("configuration.file", seen, commands.edit(file))] };
  }
}

/** @param {string} file @param {any} config @returns {string[]} none, where its folder is not there */
function migrationsOf(file, config) {
  const folder = resolve(dirname(file), databaseOf(config)?.migrations_dir ?? "migrations");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
}

/** @param {any} config */
export const databaseOf = (config) => config.d1_databases?.find((/** @type {any} */ one) => one.binding === DATABASE);

/** @param {any} config @returns {any[]} */
export const consumersOf = (config) => config.queues?.consumers ?? [];

/** @param {any} config @returns {any} */
export const producerOf = (config) => config.queues?.producers?.find((/** @type {any} */ one) => one.binding === QUEUE);

/** @param {Deployment} deployment @returns {Finding[]} */
function checkConfiguration(deployment) {
  return [
    checkWorker(deployment),
    checkDate(deployment),
    checkDatabase(deployment),
    checkQueues(deployment),
    checkCron(deployment),
    checkAssets(deployment),
  ];
}

/** @param {Deployment} deployment @returns {Finding} */
function checkWorker({ file, name, config, commands }) {
  const check = "configuration.file";
  const missing = [name ? "" : "name", config.main ? "" : "main"].filter((one) => one !== "");
  if (missing.length === 0) return ok(check, `${placeOf(file)} describes the Worker ${name}`);
  return problem(check, `${placeOf(file)} does not tell ${missing.join(" and ")} of the Worker`, commands.edit(file));
}

/** @param {Deployment} deployment @returns {Finding} */
function checkDate({ config, commands }) {
  const check = "configuration.compatibility_date";
  const today = new Date().toISOString().slice(0, 10);
  const date = String(config.compatibility_date ?? "");
  if (date && date <= today) return ok(check, `the runtime of ${date}`);
  const seen = date ? `compatibility_date ${date} lies in the future, which Cloudflare refuses` : "compatibility_date is missing";
  return problem(check, seen, commands.set("compatibility_date", today));
}

/** @param {Deployment} deployment @returns {Finding} */
function checkDatabase({ file, config, migrations, commands }) {
  const check = "configuration.database";
  const database = databaseOf(config);
  if (database && migrations.length === 0)
    return problem(check, "there are no migrations in its migrations_dir", commands.edit(file));
  if (database) return ok(check, `binding ${DATABASE} is the database ${database.database_name}`);
  const lines = ["[[d1_databases]]", `binding = "${DATABASE}"`, 'database_name = "spkey-edge"', 'migrations_dir = "migrations"'];
  return problem(check, `no database is bound as ${DATABASE}`, commands.append(lines, file));
}

/** Without a queue every run stays in one process; half of one is worse. @param {Deployment} deployment @returns {Finding} */
function checkQueues({ file, config, commands }) {
  const check = "configuration.queues";
  const consumers = consumersOf(config);
  const producer = producerOf(config);
  if (!producer && consumers.length === 0) return ok(check, "no queue: every run stays in one process");
  const append = (/** @type {string[]} */ lines) => commands.append(lines, file);
  if (!producer) {
    const [{ queue }] = consumers;
    const lines = ["[[queues.producers]]", `binding = "${QUEUE}"`, `queue = "${queue}"`];
    return problem(check, `the queue ${queue} has a consumer, but nothing is bound as ${QUEUE}`, append(lines));
  }
  const consumer = consumers.find(({ queue }) => queue === producer.queue);
  const deadLetters = consumer?.dead_letter_queue ?? `${producer.queue}-${DEAD_LETTERS}`;
  if (!consumer) {
    const lines = ["[[queues.consumers]]", `queue = "${producer.queue}"`, `dead_letter_queue = "${deadLetters}"`];
    return problem(check, `the queue ${producer.queue} has no consumer: what is planned is never done`, append(lines));
  }
  if (!consumer.dead_letter_queue || !deadLetters.endsWith(DEAD_LETTERS)) {
    const seen = `the consumer of ${producer.queue} needs a dead_letter_queue whose name ends in ${DEAD_LETTERS}`;
    return problem(check, seen, commands.edit(file));
  }
  if (!consumers.some(({ queue }) => queue === deadLetters)) {
    const lines = ["[[queues.consumers]]", `queue = "${deadLetters}"`, "max_retries = 100", "retry_delay = 60"];
    return problem(check, `the queue ${deadLetters} has no consumer: users of dead letters wait for half an hour`, append(lines));
  }
  return ok(check, `${producer.queue}, and ${deadLetters} for what failed too often`);
}

/** @param {Deployment} deployment @returns {Finding} */
function checkCron({ file, config, commands }) {
  const crons = config.triggers?.crons ?? [];
  if (crons.length > 0) return ok("configuration.cron", crons.join(", "));
  const lines = ["[triggers]", 'crons = ["*/15 * * * *"]'];
  return problem("configuration.cron", "no cron trigger: nothing is provisioned by itself", commands.append(lines, file));
}

/** @param {Deployment} deployment @returns {Finding} */
function checkAssets({ file, config, commands }) {
  if (config.assets?.directory) return ok("configuration.assets", "the console and openapi.json are sent along");
  const lines = ["[assets]", 'directory = "build/assets"'];
  const seen = "no [assets]: there is neither the console nor openapi.json";
  return problem("configuration.assets", seen, commands.append(lines, file));
}

/** @param {string} check @param {string} seen @param {Deployment} deployment */
export const needsDeploying = (check, seen, { commands }) => undeployed(check, seen, commands.deploy());
