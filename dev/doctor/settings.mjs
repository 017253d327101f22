// The settings, judged by the Worker itself: the build runs here with the variables of wrangler.toml, and says what it thinks of
// them. A secret's value is not known here, so a well-formed one stands in for each that is set.

import { readFileSync } from "node:fs";
import { inRoot } from "../tooling/paths.mjs";
import { secretNames, variables } from "../tooling/setting-names.mjs";
import { EXAMPLES, OWN_VALUE, setExample } from "./examples.mjs";
import { ok, problem, unseen, warning } from "./finding.mjs";
import { adviceFor } from "./script.mjs";

/**
 * @typedef {import("./finding.mjs").Finding} Finding
 * @typedef {import("./deployment.mjs").Deployment} Deployment
 */

const STARTUP_LIMIT_MS = 60_000;

/** Where a text will not do. */
const STAND_INS = /** @type {Record<string, string>} */ ({
  ADMIN_API_KEY: "stand-in-for-the-admin-key",
  ADMIN_API_KEY_PREVIOUS: "stand-in-for-the-key-before",
  CREDENTIALS_KEY: Buffer.alloc(32, 1).toString("base64"),
  CREDENTIALS_KEY_PREVIOUS: Buffer.alloc(32, 2).toString("base64"),
  THREEDEYE_DIALECT: "{}",
});

/** @param {string} name */
const presetOf = (name) => variables().find((one) => one.name === name)?.preset;

/** Variables may be set as secrets, too. @param {string} name */
const standInFor = (name) => STAND_INS[name] ?? EXAMPLES[name] ?? presetOf(name) ?? "stand-in";

/** Why a setting that has neither an example nor a default is opened, and not set. */
const TO_DECIDE = /** @type {Record<string, string>} */ ({
  THREEDEYE_DIALECT:
    "correct it there, or take it out if your tenant is as docs/3DEYE.md has it; without it `npm run tenant` tells what yours needs",
});

/** Tables of wrangler.toml, as this repository has them. */
const RATE_LIMITS = /** @type {Record<string, [string, number]>} */ ({
  ADMIN_RATE_LIMITER: ["1001", 600],
  AUTH_RATE_LIMITER: ["1002", 60],
  PERSON_RATE_LIMITER: ["1003", 120],
});

/**
 * @param {Deployment} deployment
 * @param {string[] | undefined} secrets those that are set; undefined: not known, so those are taken to be set that are needed
 * @param {string | undefined} build the folder of the built Worker
 * @param {string} [toSeeSecrets] the command that is needed first, where the account is out of reach
 * @returns {Promise<Finding[]>}
 */
export async function checkSettings(deployment, secrets, build, toSeeSecrets) {
  const { vars, commands } = deployment;
  const findings = [...checkNames(deployment), ...checkThreedeye(deployment, secrets)];
  if (secrets === undefined) {
    findings.push(
      unseen(
        "settings.secrets",
        "which secrets are set; those that are needed are taken to be",
        toSeeSecrets ?? commands.wrangler("secret list"),
      ),
    );
  }
  if (!build) {
    findings.push(unseen("settings.values", "what the Worker makes of the settings, as it is not built", commands.build()));
    return findings;
  }
  const set = secrets ?? neededBy(vars);
  const health = await healthWith(deployment, set, build).catch((error) => error);
  if (health instanceof Error) {
    const seen = `what the Worker makes of the settings, as the build does not run here: ${health.message.split("\n")[0]}`;
    return [...findings, unseen("settings.values", seen, commands.build())];
  }
  const { problems } = health.checks.configuration;
  for (const text of problems) findings.push(explainSetting(text, deployment, secrets));
  if (problems.length === 0) findings.push(ok("settings.values", "the Worker accepts them"));
  for (const name of health.checks.missingRateLimits) findings.push(missingLimit(name, deployment));
  return findings;
}

/** What the Worker says is wrong, with what mends it. @param {string} text @param {Deployment} deployment @param {string[]} [secrets] @returns {Finding} */
export function explainSetting(text, deployment, secrets = []) {
  const { vars, commands, file } = deployment;
  const names = text.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? [];
  const isSet = (/** @type {string} */ name) => name in vars || secrets.includes(name);
  // Of two that belong together, the one that is missing.
  const name = names.find((one) => !isSet(one)) ?? names[0] ?? "";
  const check = `settings.${name}`;
  if (secretNames().includes(name)) return problem(check, `${text}${adviceFor(name)}`, commands.putSecret(name));
  if (!(name in vars) && secrets.includes(name))
    return problem(check, `${text}; it is set as a secret`, commands.putSecret(name));
  if (EXAMPLES[name]) return problem(check, `${text}; ${OWN_VALUE}`, setExample(name, deployment));
  const preset = presetOf(name);
  if (preset !== undefined) return problem(check, text, commands.set(name, preset));
  return problem(check, `${text}; ${TO_DECIDE[name] ?? "correct it there"}`, commands.edit(file));
}

/** @param {Deployment} deployment @returns {Finding[]} */
function checkNames({ vars, commands }) {
  const secret = secretNames();
  const known = variables().map(({ name }) => name);
  return Object.keys(vars).flatMap((name) => {
    if (secret.includes(name)) {
      const command = `${commands.set(name, "")} && ${commands.putSecret(name)}`;
      return [
        problem(
          "settings.names",
          `${name} is a secret, and stands in wrangler.toml for all to read; choose a new value`,
          command,
        ),
      ];
    }
    if (known.includes(name)) return [];
    return [warning("settings.names", `the Worker reads no setting ${name}`, commands.set(name, ""))];
  });
}

/** Not to know 3dEye is a state that the Worker calls normal. @param {Deployment} deployment @param {string[]} [secrets] @returns {Finding[]} */
function checkThreedeye(deployment, secrets) {
  const { vars, commands } = deployment;
  const check = "settings.threedeye";
  if (!vars.THREEDEYE_CUSTOMER_ID && !secrets?.includes("THREEDEYE_CUSTOMER_ID")) {
    const seen = `3dEye is not configured, so no user gets an account there: our customer is missing; ${OWN_VALUE}`;
    return [warning(check, seen, setExample("THREEDEYE_CUSTOMER_ID", deployment))];
  }
  if (secrets === undefined || secrets.includes("THREEDEYE_API_KEY")) return [];
  const seen = "3dEye is not configured: its key comes last, as it starts the provisioning (docs/DEPLOY.md)";
  return [warning(check, seen, commands.putSecret("THREEDEYE_API_KEY"))];
}

/** @param {Record<string, unknown>} vars */
const neededBy = (vars) => [
  "ADMIN_API_KEY",
  "CREDENTIALS_KEY",
  ...(vars.CONSOLE_CLIENT_ID ? ["CONSOLE_CLIENT_SECRET"] : []),
  ...(vars.NOTIFY_WEBHOOK_URL || vars.ALERT_WEBHOOK_URL ? ["NOTIFY_WEBHOOK_SECRET"] : []),
];

/** @param {string} name @param {Deployment} deployment @returns {Finding} */
function missingLimit(name, { file, commands }) {
  const [id, limit] = RATE_LIMITS[name] ?? ["1009", 60];
  const lines = ["[[ratelimits]]", `name = "${name}"`, `namespace_id = "${id}"`, `simple = { limit = ${limit}, period = 60 }`];
  return problem(
    "settings.rate_limits",
    `${name} is missing in wrangler.toml: what it counts is not limited`,
    commands.append(lines, file),
  );
}

/**
 * What the built Worker answers to `GET /health` with these settings.
 * @param {Deployment} deployment @param {string[]} secrets @param {string} build
 */
async function healthWith({ config, vars }, secrets, build) {
  const { Miniflare, convertV4MiniflareOptions: optionsOf } = await import("miniflare");
  const values = Object.fromEntries(secrets.map((name) => [name, standInFor(name)]));
  const limits = /** @type {any[]} */ (config.ratelimits ?? []);
  const host = new Miniflare(
    optionsOf({
      cf: false,
      handleStructuredLogs: () => {},
      modules: [
        { type: "ESModule", path: inRoot(build, "worker.js") },
        { type: "CompiledWasm", path: inRoot(build, "index_bg.wasm") },
      ],
      modulesRoot: inRoot(build),
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      bindings: { ...vars, ...values },
      d1Databases: ["DB"],
      ratelimits: Object.fromEntries(limits.map(({ name, simple }) => [name, { namespace_id: name, simple }])),
    }),
  );
  try {
    const response = await host.dispatchFetch("http://worker/health", { signal: AbortSignal.timeout(STARTUP_LIMIT_MS) });
    return /** @type {any} */ (await response.json());
  } finally {
    await host.dispose();
  }
}

/** The version of this checkout, which the build tells as its own. */
export const ownVersion = () => /^version = "(.+)"$/m.exec(readFileSync(inRoot("Cargo.toml"), "utf8"))?.[1] ?? "";
