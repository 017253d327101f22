// The deployed Worker, asked as a client would: is it healthy, is it this version, are its files there?

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { inRoot } from "../tooling/paths.mjs";
import { needsDeploying } from "./deployment.mjs";
import { ok, problem, undeployed, unseen, warning } from "./finding.mjs";
import { look } from "./http.mjs";
import { explainSetting, ownVersion } from "./settings.mjs";

/**
 * @typedef {import("./finding.mjs").Finding} Finding
 * @typedef {import("./cloudflare.mjs").Cloudflare} Cloudflare
 * @typedef {import("./deployment.mjs").Deployment} Deployment
 */

/** Until /health told it. */
const FIRST_VERSION = "1.0.0";

const LOOK_AGAIN_MS = 1_000;

/**
 * Where the Worker answers: a host of wrangler.toml, or else its place on workers.dev.
 * @param {Deployment} deployment @param {Cloudflare} [api] @param {string} [account] @returns {Promise<string | undefined>}
 */
export async function addressOf({ config, name }, api, account) {
  const [route] = config.routes ?? (config.route ? [config.route] : []);
  const pattern = typeof route === "string" ? route : route?.pattern;
  const host = pattern?.replace(/^https?:\/\//, "").split("/")[0];
  if (host && !host.includes("*")) return `https://${host}`;
  if (!api || !account || config.workers_dev === false) return undefined;
  const answer = await api.get(`/accounts/${account}/workers/subdomain`);
  return answer.ok && answer.result?.subdomain ? `https://${name}.${answer.result.subdomain}.workers.dev` : undefined;
}

/**
 * @param {string} address @param {Deployment} deployment
 * @param {{secrets?: string[], waitMs?: number}} [options] names of the secrets that are set; how long a deployment of just now may take
 * @returns {Promise<{findings: Finding[], skew?: number}>}
 */
export async function checkWorker(address, deployment, { secrets, waitMs = 0 } = {}) {
  const { commands } = deployment;
  const command = commands.look(`${address}/health`);
  const { page, cause } = await lookForOwn(`${address}/health`, waitMs);
  if (!page) return { findings: [problem("worker.health", `${address} does not answer: ${cause}`, command)] };
  const { status, json, skew } = page;
  if (typeof json?.checks !== "object" || json.checks === null) {
    return {
      skew,
      findings: [problem("worker.health", `${address}/health answers ${status}, but not as this Worker does`, command)],
    };
  }
  const files = await checkFiles(address, deployment);
  return {
    skew,
    findings: [
      checkVersion(json, deployment),
      checkSchema(json, deployment),
      ...checkHealth(address, json.checks, deployment, secrets),
      ...files,
    ],
  };
}

/** A deployment reaches Cloudflare's places one after the other. @param {string} url @param {number} waitMs */
async function lookForOwn(url, waitMs) {
  const until = performance.now() + waitMs;
  let seen = await look(url);
  while (seen.page?.json?.version !== ownVersion() && performance.now() < until) {
    await sleep(LOOK_AGAIN_MS);
    seen = await look(url);
  }
  return seen;
}

/** @param {any} health @param {Deployment} deployment @returns {Finding} */
function checkVersion({ version }, deployment) {
  const check = "worker.version";
  const own = ownVersion();
  if (version === own) return ok(check, `${own}, as this checkout`);
  const deployed = typeof version === "string" ? version : `older than ${FIRST_VERSION}`;
  return needsDeploying(check, `deployed is ${deployed}, this checkout is ${own}`, deployment);
}

/** @param {any} health @param {Deployment} deployment @returns {Finding} */
function checkSchema({ schema, checks }, deployment) {
  const check = "worker.schema";
  const { migrations, commands } = deployment;
  if (checks.migrations === "missing") return undeployed(check, "the database has no tables", commands.migrate());
  if (checks.migrations !== "ok") {
    const numbers = schema
      ? `the Worker is made for ${schema.built}, the database has ${schema.applied ?? "none"}`
      : "it is not that of the Worker";
    const isBehind = schema && schema.applied > schema.built;
    const command = isBehind ? commands.deploy() : commands.migrate();
    return checks.migrations === "outdated"
      ? undeployed(check, `the schema: ${numbers}`, command)
      : unseen(check, "the schema, as the database does not answer", commands.wrangler("d1 info DB"));
  }
  if (schema && schema.built !== migrations.length) {
    return needsDeploying(
      check,
      `the Worker is made for schema ${schema.built}, this checkout for ${migrations.length}`,
      deployment,
    );
  }
  return ok(check, schema ? `version ${schema.built}` : "that of the Worker");
}

/** @param {string} address @param {any} checks @param {Deployment} deployment @param {string[]} [secrets] @returns {Finding[]} */
function checkHealth(address, checks, deployment, secrets) {
  const { commands } = deployment;
  const findings = textsOf(checks.configuration?.problems).map((text) => ({
    ...explainSetting(text, deployment, secrets),
    check: "worker.settings",
  }));
  if (checks.database === "missing") findings.push(needsDeploying("worker.database", "the Worker has no database", deployment));
  if (checks.database === "unreachable")
    findings.push(problem("worker.database", "the database does not answer", commands.wrangler("d1 info DB")));
  const limits = textsOf(checks.missingRateLimits);
  if (limits.length > 0)
    findings.push(
      needsDeploying("worker.limits", `not limited, as their bindings are missing: ${limits.join(", ")}`, deployment),
    );
  findings.push(checkRun(checks.scheduledRun, deployment));
  if (findings.every((/** @type {Finding} */ { result }) => result === "ok" || result === "warning"))
    findings.unshift(ok("worker.health", `${address} is healthy`));
  return findings;
}

/** What answers there need not be this Worker. @param {unknown} list @returns {string[]} */
const textsOf = (list) => (Array.isArray(list) ? list.map(String) : []);

/** @param {string} word @param {Deployment} deployment @returns {Finding} */
function checkRun(word, { commands }) {
  const check = "worker.runs";
  const log = commands.wrangler("tail --format pretty --search backfill.run");
  if (["ok", "running", "none_yet", "not_configured"].includes(word))
    return ok(check, `scheduled runs: ${word.replace("_", " ")}`);
  if (word === "paused")
    return warning(
      check,
      "an administrator has paused all runs (docs/OPERATIONS.md)",
      "npx wrangler d1 execute DB --remote --command 'SELECT * FROM provisioning_pause'",
    );
  if (word === "unknown")
    return unseen(check, "the scheduled runs, as the database does not answer", commands.wrangler("d1 info DB"));
  return problem(check, `scheduled runs: ${word} (docs/OPERATIONS.md, "When something is wrong")`, log);
}

/** The console and openapi.json, which are files beside the Worker. @param {string} address @param {Deployment} deployment @returns {Promise<Finding[]>} */
async function checkFiles(address, deployment) {
  const check = "worker.assets";
  if (!deployment.config.assets) return [];
  const [console, description] = await Promise.all([
    look(`${address}/console/`),
    look(`${address}/openapi.json`, { maxBytes: 2 ** 23 }),
  ]);
  const missing = [
    ...(console.page?.status === 200 ? [] : ["/console/"]),
    ...(description.page?.status === 200 ? [] : ["/openapi.json"]),
  ];
  if (missing.length > 0) return [needsDeploying(check, `not there: ${missing.join(", ")}`, deployment)];
  const isThis = description.page?.text === readFileSync(inRoot("openapi.json"), "utf8");
  if (isThis) return [ok(check, "the console is there, openapi.json is that of this checkout")];
  return [needsDeploying(check, "openapi.json is not that of this checkout", deployment)];
}
