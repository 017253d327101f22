// The Worker in the account: is it deployed, with the bindings, settings, secrets and cron trigger of this checkout?

import { isDeepStrictEqual } from "node:util";
import { secretNames, variables } from "../tooling/setting-names.mjs";
import { unread } from "./account.mjs";
import { databaseOf, isPlaceholder, needsDeploying, producerOf } from "./deployment.mjs";
import { ok, problem, warning } from "./finding.mjs";

/**
 * @typedef {import("./finding.mjs").Finding} Finding
 * @typedef {import("./cloudflare.mjs").Cloudflare} Cloudflare
 * @typedef {import("./deployment.mjs").Deployment} Deployment
 *
 * @typedef {object} Script
 * @property {string[] | undefined} secrets which are set; undefined: that could not be seen
 * @property {Finding[]} findings
 */

/** What makes a good value of a secret that has no other source. */
const MAKERS = /** @type {Record<string, string>} */ ({
  ADMIN_API_KEY: "openssl rand -hex 32",
  CREDENTIALS_KEY: "openssl rand -base64 32",
  NOTIFY_WEBHOOK_SECRET: "openssl rand -hex 32",
});

/** How a secret's value comes about. @param {string} name */
export const adviceFor = (name) =>
  MAKERS[name] ? `; enter what \`${MAKERS[name]}\` prints, and keep a copy: it cannot be read back` : "";

/** @param {Cloudflare} api @param {string} account @param {Deployment} deployment @returns {Promise<Script>} */
export async function checkScript(api, account, deployment) {
  const path = `/accounts/${account}/workers/scripts/${encodeURIComponent(deployment.name)}`;
  const settings = await api.get(`${path}/settings`);
  if (!settings.ok && settings.why === "absent") {
    return {
      secrets: [],
      findings: [needsDeploying("worker.deployed", `the account has no Worker ${deployment.name} yet`, deployment)],
    };
  }
  if (!settings.ok)
    return { secrets: undefined, findings: [unread("worker.deployed", "the Worker", settings, "scripts", deployment)] };
  const bindings = settings.result.bindings ?? [];
  const secrets = bindings
    .filter((/** @type {any} */ one) => one.type === "secret_text")
    .map((/** @type {any} */ one) => one.name);
  const findings = checkSecretNames(secrets, deployment);
  // `wrangler secret put` makes a Worker of nothing but secrets.
  if (bindings.length === secrets.length) {
    return {
      secrets,
      findings: [needsDeploying("worker.deployed", `the Worker ${deployment.name} has secrets only`, deployment), ...findings],
    };
  }
  const [deployed, cron] = await Promise.all([checkDeployments(api, path, deployment), checkCron(api, path, deployment)]);
  return { secrets, findings: [deployed, ...findings, ...checkBindings(bindings, secrets, deployment), cron] };
}

/** @param {Cloudflare} api @param {string} path @param {Deployment} deployment @returns {Promise<Finding>} */
async function checkDeployments(api, path, deployment) {
  const check = "worker.deployed";
  const answer = await api.get(`${path}/deployments`);
  if (!answer.ok) return unread(check, "the deployments", answer, "scripts", deployment);
  const [latest] = answer.result.deployments ?? [];
  if (!latest) return needsDeploying(check, `the Worker ${deployment.name} was never deployed`, deployment);
  if (latest.versions.length > 1) {
    const shares = latest.versions.map((/** @type {any} */ one) => `${one.percentage} %`).join(" and ");
    return warning(check, `two versions share the traffic: ${shares}`, deployment.commands.wrangler("versions deploy"));
  }
  return ok(check, `deployed on ${String(latest.created_on).slice(0, 16).replace("T", " ")} UTC`);
}

/** @param {Cloudflare} api @param {string} path @param {Deployment} deployment @returns {Promise<Finding>} */
async function checkCron(api, path, deployment) {
  const check = "worker.cron";
  const answer = await api.get(`${path}/schedules`);
  if (!answer.ok) return unread(check, "the cron trigger", answer, "scripts", deployment);
  const registered = (answer.result.schedules ?? []).map((/** @type {any} */ one) => one.cron).sort();
  const wanted = [...(deployment.config.triggers?.crons ?? [])].sort();
  if (isDeepStrictEqual(registered, wanted)) return ok(check, wanted.join(", ") || "none");
  return needsDeploying(
    check,
    `registered is ${registered.join(", ") || "none"}, wrangler.toml has ${wanted.join(", ") || "none"}`,
    deployment,
  );
}

/** Names that the Worker does not read, such as mistyped ones. @param {string[]} secrets @param {Deployment} deployment @returns {Finding[]} */
function checkSecretNames(secrets, { commands }) {
  const known = [...secretNames(), ...variables().map(({ name }) => name)];
  const unknown = secrets.filter((name) => !known.includes(name));
  return unknown.map((name) =>
    warning("worker.secrets", `the Worker reads no secret ${name}`, commands.wrangler("secret delete", name)),
  );
}

/** @param {any[]} bindings @param {string[]} secrets @param {Deployment} deployment @returns {Finding[]} */
function checkBindings(bindings, secrets, deployment) {
  const { config } = deployment;
  const find = (/** @type {string} */ type, /** @type {string} */ name) =>
    bindings.find((one) => one.type === type && one.name === name);
  const differences = [];
  const database = databaseOf(config);
  const bound = find("d1", "DB");
  const isOther = !isPlaceholder(database?.database_id) && (bound?.id ?? bound?.database_id) !== database.database_id;
  if (database && (!bound || isOther)) differences.push("DB is not the database of wrangler.toml");
  const producer = producerOf(config);
  const queue = find("queue", producer?.binding);
  if (producer && queue?.queue_name !== producer.queue) differences.push(`${producer.binding} is not bound to ${producer.queue}`);
  return [
    differences.length === 0
      ? ok("worker.bindings", "the database and the queue of wrangler.toml are bound")
      : needsDeploying("worker.bindings", differences.join("; "), deployment),
    checkRateLimits(find, deployment),
    checkVariables(bindings, secrets, deployment),
  ];
}

/** @param {(type: string, name: string) => any} find @param {Deployment} deployment @returns {Finding} */
function checkRateLimits(find, deployment) {
  const wanted = /** @type {any[]} */ (deployment.config.ratelimits ?? []);
  const differing = wanted.filter(({ name, simple }) => {
    const bound = find("ratelimit", name)?.simple;
    return bound?.limit !== simple.limit || bound?.period !== simple.period;
  });
  if (differing.length === 0) return ok("worker.rate_limits", wanted.map(({ name }) => name).join(", ") || "none");
  return needsDeploying(
    "worker.rate_limits",
    `not bound as wrangler.toml has it: ${differing.map(({ name }) => name).join(", ")}`,
    deployment,
  );
}

/** Were variables changed, here or in the dashboard, since the Worker was deployed? @param {any[]} bindings @param {string[]} secrets @param {Deployment} deployment @returns {Finding} */
function checkVariables(bindings, secrets, deployment) {
  const check = "worker.variables";
  const both = Object.keys(deployment.vars).filter((name) => secrets.includes(name));
  if (both.length > 0)
    return problem(check, `${both[0]} is set as a secret, and in wrangler.toml`, deployment.commands.set(String(both[0]), ""));
  const deployed = new Map(bindings.map((one) => [one.name, one.type === "json" ? one.json : one.text]));
  const isVariable = (/** @type {any} */ { type }) => type === "plain_text" || type === "json";
  const names = new Set([...Object.keys(deployment.vars), ...bindings.filter(isVariable).map(({ name }) => name)]);
  const differing = [...names].filter((name) => !isDeepStrictEqual(deployment.vars[name], deployed.get(name)));
  if (differing.length === 0) return ok(check, "those of wrangler.toml");
  return needsDeploying(check, `other than in wrangler.toml: ${differing.join(", ")}`, deployment);
}
