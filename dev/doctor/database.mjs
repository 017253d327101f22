// D1: is the database there, has it the schema of this checkout, and how large is it?

import { unread } from "./account.mjs";
import { databaseOf, isPlaceholder } from "./deployment.mjs";
import { ok, problem, undeployed, unseen, warning } from "./finding.mjs";

/**
 * @typedef {import("./finding.mjs").Finding} Finding
 * @typedef {import("./cloudflare.mjs").Cloudflare} Cloudflare
 * @typedef {import("./deployment.mjs").Deployment} Deployment
 */

/** Of the Workers Paid plan; a database cannot grow beyond it. https://developers.cloudflare.com/d1/platform/limits/ */
const MOST_BYTES = 10e9;
const NEAR = 0.7;
const NEARLY_FULL = 0.9;

const APPLIED = "SELECT name FROM d1_migrations ORDER BY id";
/** How long the audit trail is kept unless AUDIT_DAYS says otherwise. */
const KEPT_DAYS = 400;

/** @param {Cloudflare} api @param {string} account @param {Deployment} deployment @returns {Promise<Finding[]>} */
export async function checkDatabase(api, account, deployment) {
  const wanted = databaseOf(deployment.config);
  if (!wanted) return [];
  const all = `/accounts/${account}/d1/database`;
  if (isPlaceholder(wanted.database_id)) return [await checkUnnamed(api, all, deployment)];
  const path = `${all}/${encodeURIComponent(wanted.database_id)}`;
  const answer = await api.get(path);
  // An id that is no UUID is refused as malformed.
  if (!answer.ok && (answer.why === "absent" || answer.why === "failed"))
    return [await checkUnnamed(api, all, deployment, wanted.database_id)];
  if (!answer.ok) return [unread("database.exists", "the database", answer, "database", deployment)];
  return [
    ok("database.exists", `${answer.result.name} (${wanted.database_id})`),
    await checkMigrations(api, path, deployment),
    checkSize(Number(answer.result.file_size ?? 0), deployment),
  ];
}

/** There is no database of the id in wrangler.toml: perhaps there is one of its name. @param {Cloudflare} api @param {string} path @param {Deployment} deployment @param {string} [id] @returns {Promise<Finding>} */
async function checkUnnamed(api, path, deployment, id) {
  const { commands, config } = deployment;
  const check = "database.exists";
  const { database_name: name = deployment.name } = databaseOf(config);
  const answer = await api.list(path, { name, per_page: "100" });
  if (!answer.ok) return unread(check, "the databases", answer, "database", deployment);
  const found = answer.result.find((/** @type {any} */ one) => one.name === name);
  const said = id ? `the account has no database ${id}` : "wrangler.toml has no database_id yet";
  if (found) return problem(check, `${said}, but one called ${name}`, commands.set("database_id", found.uuid));
  return problem(check, `${said}, and none called ${name}`, `npx wrangler d1 create ${name}`);
}

/** @param {Cloudflare} api @param {string} path @param {Deployment} deployment @returns {Promise<Finding>} */
async function checkMigrations(api, path, deployment) {
  const { migrations, commands } = deployment;
  const check = "database.migrations";
  const answer = await api.query(path, APPLIED);
  const isEmpty = !answer.ok && /no such table/.test(answer.text);
  if (!answer.ok && !isEmpty) return unread(check, "the migrations that were applied", answer, "database", deployment);
  const applied = answer.ok ? answer.result.map((/** @type {any} */ row) => String(row.name)) : [];
  const foreign = applied.filter((/** @type {string} */ name) => !migrations.includes(name));
  if (foreign.length > 0) {
    return problem(check, `the database has migrations that this checkout does not know: ${foreign.join(", ")}`, "git pull");
  }
  const pending = migrations.filter((name) => !applied.includes(name));
  if (pending.length > 0)
    return undeployed(check, `${pending.length} of ${migrations.length} are pending, from ${pending[0]} on`, commands.migrate());
  const version = await api.query(path, "SELECT max(version) AS version FROM schema_version");
  if (!version.ok) return unread(check, "the version of the schema", version, "database", deployment);
  const number = version.result[0]?.version;
  if (number === migrations.length) return ok(check, `all ${migrations.length} are applied`);
  const seen = `all are applied, yet schema_version says ${number} and not ${migrations.length}`;
  return problem(check, seen, commands.wrangler('d1 execute DB --remote --command "SELECT * FROM d1_migrations"'));
}

/** @param {number} bytes @param {Deployment} deployment @returns {Finding} */
function checkSize(bytes, { vars, commands }) {
  const check = "database.size";
  if (!bytes) return unseen(check, "the size of the database, which the API does not tell", commands.wrangler("d1 info DB"));
  const seen = `${(bytes / 1e9).toFixed(2)} GB of the 10 GB that a database can have`;
  if (bytes < MOST_BYTES * NEAR) return ok(check, seen);
  const days = Number(vars.AUDIT_DAYS ?? KEPT_DAYS) || KEPT_DAYS;
  const command = commands.set("AUDIT_DAYS", String(Math.max(2, Math.floor(days / 2))));
  const advice = `${seen}; a shorter AUDIT_DAYS gives the oldest of the audit trail up (docs/OPERATIONS.md, "The database's size")`;
  return bytes < MOST_BYTES * NEARLY_FULL ? warning(check, advice, command) : problem(check, advice, command);
}
