// `npm run doctor`: is this deployment going to work, and does it? Everything that is wrong comes with the command that mends it.

import { parseArgs } from "node:util";
import { checkAccount } from "./doctor/account.mjs";
import { checkBuild } from "./doctor/build.mjs";
import { checkClocks } from "./doctor/clock.mjs";
import { apiAddress, Cloudflare, findCredentials } from "./doctor/cloudflare.mjs";
import { checkDatabase } from "./doctor/database.mjs";
import { databaseOf, isPlaceholder, readDeployment } from "./doctor/deployment.mjs";
import { AGAIN, beforeDeploying, exitCodeOf, problem, TOKEN_AGAIN, unseen } from "./doctor/finding.mjs";
import { checkIssuer, isSafeUrl, textOf } from "./doctor/issuer.mjs";
import { checkQueues } from "./doctor/queues.mjs";
import { readToken } from "./doctor/read-token.mjs";
import { inOrder, toJson, toText } from "./doctor/report.mjs";
import { checkScript } from "./doctor/script.mjs";
import { checkSettings, ownVersion } from "./doctor/settings.mjs";
import { explainToken } from "./doctor/token.mjs";
import { addressOf, checkWorker } from "./doctor/worker.mjs";
import { Failure, runMain } from "./tooling/say.mjs";

const HELP = `npm run doctor [-- options]

Looks at wrangler.toml, the build, the Cloudflare account, the identity provider and the deployed Worker. It changes
nothing. Cloudflare is asked with CLOUDFLARE_API_TOKEN (and CLOUDFLARE_ACCOUNT_ID), or else with the login of wrangler.

  --before       before a deployment: what a deployment will mend is a warning and no problem
  --wait SECONDS how long the Worker may take to be of this version, just after a deployment; default 0
  --url URL      where the deployed Worker is; default: the routes of wrangler.toml, or workers.dev
  --token        explains a token claim by claim; it is read from standard input, or asked for without an echo
  --offline      asks no one: neither Cloudflare nor the identity provider nor the Worker
  --json         for programs (npm run -s doctor -- --json): {version, exitCode, counts, next, findings: [{check, result, seen, command}]}
  --config FILE  another wrangler.toml
  --env NAME     an environment of wrangler.toml
  --help         this text

It ends with
  0  everything was seen and works; there may be warnings
  1  there is a problem, or the doctor itself failed
  2  it was called wrongly
  3  no problem was found, but something could not be seen
`;

/** @typedef {import("./doctor/finding.mjs").Finding} Finding */
/** @typedef {import("./doctor/deployment.mjs").Deployment} Deployment */
/** @typedef {{before: boolean, wait: number, url?: string, token: boolean, offline: boolean, json: boolean, config?: string, env?: string, help: boolean}} Options */

const MOST_WAITING_S = 600;

/** What is not known of the account, when it is out of reach. */
const OF_THE_ACCOUNT = {
  "database.exists": "the database, its migrations and its size",
  "queues.exist": "the queues and their consumers",
  "worker.deployed": "what is deployed: bindings, variables, secrets, rate limits and the cron trigger",
};

async function main() {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  const apiUrl = apiAddress(process.env);
  const token = options.token ? await readToken() : undefined;
  const all = inOrder(await examine(options, apiUrl, token));
  const findings = options.before ? all.map(beforeDeploying) : all;
  console.log(options.json ? toJson(findings, ownVersion()) : toText(findings, ownVersion()));
  process.exitCode = exitCodeOf(findings);
}

/** @returns {Options} */
function readOptions() {
  const flag = /** @type {const} */ ({ type: "boolean", default: false });
  const text = /** @type {const} */ ({ type: "string" });
  const { values, positionals } = parsed({
    allowPositionals: true,
    options: {
      before: flag,
      wait: { ...text, default: "0" },
      url: text,
      token: flag,
      offline: flag,
      json: flag,
      config: text,
      env: text,
      help: { ...flag, short: "h" },
    },
  });
  // What stands there may be a token: it is not repeated.
  if (positionals.length > 0) {
    throw new Failure("There are options only. A token is read from standard input: npm run -s doctor -- --token < FILE");
  }
  if (values.url !== undefined && !isSafeUrl(values.url)) throw new Failure("--url must be https, or http on a loopback host");
  const wait = Number(values.wait);
  if (!(wait >= 0 && wait <= MOST_WAITING_S)) throw new Failure(`--wait must be a number of seconds, ${MOST_WAITING_S} at most`);
  return { ...values, wait };
}

/**
 * As `parseArgs` has it; its errors repeat what was given, which may be a token.
 * @template {import("node:util").ParseArgsConfig} T
 * @param {T} config
 */
function parsed(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    const [name] = /'-(-[a-z]{1,12}|[a-z])\b/.exec(String(/** @type {Error} */ (error).message)) ?? [];
    throw new Failure(
      `${name ? `${name.slice(1)} is no option, or lacks its value, or takes none` : "There is no such option"}\n\n${HELP}`,
    );
  }
}

/** @param {Options} options @param {string} apiUrl @param {string} [token] @returns {Promise<Finding[]>} */
async function examine(options, apiUrl, token) {
  const { deployment, findings } = await readDeployment(options);
  if (!deployment) return findings;
  const { build, findings: ofBuild } = checkBuild();
  const issuing = options.offline ? offline("issuer.keys", "the identity provider") : checkIssuer(deployment);
  const account = await examineAccount(options, apiUrl, deployment);
  const [settings, issuer, worker] = await Promise.all([
    checkSettings(deployment, account.secrets, build, account.command),
    issuing,
    examineWorker(options, deployment, account),
  ]);
  // What shows a clock: the Worker once it can be asked, or the provider.
  const notAsked = [...worker.findings, ...issuer.findings].find(
    ({ check, result }) => ["worker.health", "issuer.keys"].includes(check) && result !== "ok",
  );
  const toSeeOne = notAsked?.command ?? deployment.commands.look(textOf(deployment, "JWT_JWKS_URL"));
  const clocks = options.offline ? [] : checkClocks({ issuer: issuer.skew, cloudflare: worker.skew }, toSeeOne);
  const explained = token === undefined ? [] : await explain(token, deployment, issuer);
  return [
    ...findings,
    ...ofBuild,
    ...account.findings,
    ...settings,
    ...issuer.findings,
    ...clocks,
    ...worker.findings,
    ...explained,
  ];
}

/** @param {string} check @param {string} what @returns {Promise<import("./doctor/issuer.mjs").Issuer>} */
const offline = async (check, what) => ({ findings: [unseen(check, `${what} (--offline)`, AGAIN)] });

/**
 * @typedef {object} Account
 * @property {Finding[]} findings
 * @property {string[]} [secrets] names of those that are set
 * @property {string} [command] which brings the account into reach
 * @property {string} [address] of the Worker
 * @property {boolean} isDeployed as far as is known
 */

/** @param {Options} options @param {string} apiUrl @param {Deployment} deployment @returns {Promise<Account>} */
async function examineAccount({ offline: isOffline }, apiUrl, deployment) {
  const credentials = isOffline ? undefined : await findCredentials(process.env);
  if (!credentials) {
    const login = process.env.CI ? "gh secret set CLOUDFLARE_API_TOKEN" : deployment.commands.login();
    const [why, command] = isOffline ? ["the account (--offline)", AGAIN] : ["the account, without a login at Cloudflare", login];
    return {
      findings: [unseen("account.login", why, command), ...unseenOf(deployment, command)],
      command,
      address: await addressOf(deployment),
      isDeployed: true,
    };
  }
  const api = new Cloudflare(apiUrl, credentials);
  const { account, findings } = await checkAccount(api, credentials.kind, deployment, process.env);
  if (!account) {
    const command = findings.find(({ result }) => result !== "ok")?.command ?? "npx wrangler whoami";
    const all = [...findings, ...unseenOf(deployment, command)];
    return { findings: all, command, address: await addressOf(deployment), isDeployed: true };
  }
  const [database, queues, script, address] = await Promise.all([
    checkDatabase(api, account, deployment),
    checkQueues(api, account, deployment),
    checkScript(api, account, deployment),
    addressOf(deployment, api, account),
  ]);
  const isDeployed = !script.findings.some(({ check, result }) => check === "worker.deployed" && result === "problem");
  return { findings: [...findings, ...database, ...queues, ...script.findings], secrets: script.secrets, address, isDeployed };
}

/** @param {Deployment} deployment @param {string} command @returns {Finding[]} */
function unseenOf({ config }, command) {
  const findings = Object.entries(OF_THE_ACCOUNT).map(([check, what]) => unseen(check, what, command));
  if (!isPlaceholder(databaseOf(config)?.database_id)) return findings;
  const seen = "wrangler.toml has no database_id yet";
  return [
    problem("database.id", seen, `npx wrangler d1 create ${databaseOf(config)?.database_name ?? "spkey-edge"}`),
    ...findings,
  ];
}

/** @param {Options} options @param {Deployment} deployment @param {Account} account @returns {Promise<{findings: Finding[], skew?: number}>} */
async function examineWorker({ url, wait, offline: isOffline }, deployment, { address, isDeployed, secrets }) {
  const check = "worker.health";
  if (isOffline) return { findings: [unseen(check, "the deployed Worker (--offline)", AGAIN)] };
  const asked = url ? new URL(url).origin : address;
  // There is nothing to be asked yet, which has been said.
  if (!url && !isDeployed) return { findings: [] };
  if (asked) return checkWorker(asked, deployment, { secrets, waitMs: wait * 1000 });
  return {
    findings: [
      unseen(
        check,
        "the deployed Worker, as its address is not known: put it in place of HOST",
        "npm run doctor -- --url https://HOST",
      ),
    ],
  };
}

/** @param {string} token @param {Deployment} deployment @param {import("./doctor/issuer.mjs").Issuer} issuer */
async function explain(token, deployment, { keys, confirmed }) {
  if (token.trim() === "") return [unseen("token.form", "a token: there was none to read", TOKEN_AGAIN)];
  return explainToken(token, { deployment, keys, confirmed, now: Math.floor(Date.now() / 1000) });
}

await runMain(main, 2);
