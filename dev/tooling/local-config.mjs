// Every setting of the Worker for local development: made up once, kept in
// .dev/, and always second to what the developer wrote into .dev.vars.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { DEV, inRoot } from "./paths.mjs";
import { Failure } from "./say.mjs";

const SECRETS = join(DEV, "secrets.json");
const GENERATED = join(DEV, "generated.vars");
const OWN = inRoot(".dev.vars");

/** What the simulator expects; see its config.mjs. */
const SIMULATOR = {
  apiKey: "sim-threedeye-key",
  username: "svc@spkey.example",
  password: "sim-login-pass",
  customerId: "cust-1",
};

/**
 * @param {{simulator: string, notices: string}} urls
 * @returns {{vars: Record<string, string>, own: string[], files: string[]}} the values in force, the names the developer
 *   set, and the files to give to wrangler, the last one winning
 */
export function localConfig(urls) {
  const generated = { ...settings(urls), ...secrets() };
  const lines = Object.entries(generated).map(([name, value]) => `${name}=${value}`);
  writeFileSync(GENERATED, `# Written by npm start. Put your own values into .dev.vars.\n${lines.join("\n")}\n`, { mode: 0o600 });
  const own = read(OWN);
  return {
    vars: { ...generated, ...own },
    own: Object.keys(own),
    files: existsSync(OWN) ? [GENERATED, OWN] : [GENERATED],
  };
}

/** The values in force, as the last start left them. */
export const keptVars = () => ({ ...read(GENERATED), ...read(OWN) });

/** @param {string} file @returns {Record<string, string>} */
const read = (file) => (existsSync(file) ? /** @type {Record<string, string>} */ (parseEnv(readFileSync(file, "utf8"))) : {});

/** How the simulator is called. @param {string} simulator its address */
export const simulatorUpstream = (simulator) => ({
  THREEDEYE_BASE_URL: `${simulator}/v3`,
  THREEDEYE_CUSTOMER_ID: SIMULATOR.customerId,
  THREEDEYE_API_KEY: SIMULATOR.apiKey,
  THREEDEYE_USERNAME: SIMULATOR.username,
  THREEDEYE_PASSWORD: SIMULATOR.password,
});

/** @param {{simulator: string, notices: string}} urls @returns {Record<string, string>} */
function settings(urls) {
  return {
    ...simulatorUpstream(urls.simulator),
    THREEDEYE_PAGE_SIZE: "500",
    THREEDEYE_TIMEOUT_MS: "10000",
    JWT_ISSUER: `${urls.simulator}/`,
    JWT_AUDIENCE: "spkey-edge",
    JWT_JWKS_URL: `${urls.simulator}/.well-known/jwks.json`,
    JWT_EMAIL_CLAIM: "email",
    CONSOLE_CLIENT_ID: "spkey-console",
    ADMIN_EMAIL_DOMAINS: "smartphonekey.com",
    BACKFILL_CRON_LIMIT: "50",
    BACKFILL_MAX_TAKEOVERS: "20",
    TWO_FACTOR_DISABLE: "second_factor",
    NOTIFY_WEBHOOK_URL: urls.notices,
    ALERT_WEBHOOK_URL: urls.notices,
  };
}

// What is sealed with CREDENTIALS_KEY must still open after the next start.
/** @returns {Record<string, string>} */
function secrets() {
  const kept = existsSync(SECRETS) ? JSON.parse(readFileSync(SECRETS, "utf8")) : {};
  const all = {
    ADMIN_API_KEY: randomBytes(24).toString("base64url"),
    CREDENTIALS_KEY: randomBytes(32).toString("base64"),
    CONSOLE_CLIENT_SECRET: randomBytes(24).toString("base64url"),
    NOTIFY_WEBHOOK_SECRET: randomBytes(32).toString("base64url"),
    ...kept,
  };
  mkdirSync(DEV, { recursive: true });
  writeFileSync(SECRETS, JSON.stringify(all, null, 2), { mode: 0o600 });
  return all;
}

/** Whether the Worker is pointed at something other than our simulator. @param {Record<string, string>} vars */
export function usesForeignUpstream(vars) {
  const { hostname } = new URL(vars.THREEDEYE_BASE_URL ?? "");
  return !["127.0.0.1", "localhost", "[::1]"].includes(hostname);
}

/**
 * The dialect that the Worker is told, so that our simulator speaks it too.
 * @param {Record<string, string>} vars
 * @returns {object | null} null for the default
 */
export function dialectOf(vars) {
  const text = vars.THREEDEYE_DIALECT?.trim();
  if (!text || usesForeignUpstream(vars)) return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure("THREEDEYE_DIALECT is not JSON", { hint: "docs/3DEYE.md shows its form." });
  }
}
