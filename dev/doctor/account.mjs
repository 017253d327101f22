// Who is asking Cloudflare, of which account, and for how long.

import { ok, problem, unseen, warning } from "./finding.mjs";

/**
 * @typedef {import("./finding.mjs").Finding} Finding
 * @typedef {import("./cloudflare.mjs").Cloudflare} Cloudflare
 * @typedef {import("./cloudflare.mjs").Refused} Refused
 * @typedef {import("./deployment.mjs").Deployment} Deployment
 */

const DAY_MS = 86_400_000;
const EXPIRY_NOTICE_DAYS = 14;
const TOKENS = "https://dash.cloudflare.com/profile/api-tokens";

/** A token is read without an echo, so that it is not in the shell's history. */
const GIVE_TOKEN = "read -rs CLOUDFLARE_API_TOKEN && export CLOUDFLARE_API_TOKEN";

/** What a refused call is missing, as the dashboard calls it. */
export const PERMISSIONS = {
  account: "Account Settings: Read",
  scripts: "Workers Scripts: Edit",
  database: "D1: Edit",
  queues: "Queues: Edit",
};

/**
 * Why something of the account could not be read.
 * @param {string} check @param {string} what @param {Refused} answer @param {keyof typeof PERMISSIONS} permission
 * @param {Deployment} deployment @returns {Finding}
 */
export function unread(check, what, answer, permission, { commands }) {
  if (answer.why !== "denied") return unseen(check, `${what}: Cloudflare's API: ${answer.text}`, commands.wrangler("whoami"));
  if (answer.kind === "login")
    return problem(check, `${what}: not permitted to the login; a new one asks for all it needs`, commands.login());
  return problem(check, `${what}: not permitted, the API token lacks "${PERMISSIONS[permission]}"`, commands.browse(TOKENS));
}

/**
 * @param {Cloudflare} api @param {"token" | "login" | "key"} kind @param {Deployment} deployment @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{account?: string, findings: Finding[]}>}
 */
export async function checkAccount(api, kind, deployment, env) {
  const accounts = await api.list("/accounts", { per_page: "50" });
  if (!accounts.ok && accounts.why === "unreachable") {
    return { findings: [unseen("account.login", `Cloudflare's API is out of reach: ${accounts.text}`, "npx wrangler whoami")] };
  }
  const wanted = env.CLOUDFLARE_ACCOUNT_ID || deployment.config.account_id;
  const token = kind === "token" ? await checkToken(api, wanted, deployment) : undefined;
  if (token?.result === "problem") return { findings: [token] };
  if (!accounts.ok && kind !== "token" && accounts.why === "denied") {
    return { findings: [problem("account.login", `the login is not accepted: ${accounts.text}`, "npx wrangler login")] };
  }
  if (!accounts.ok) {
    const known = token ? [token] : [];
    // A token for one account need not be able to list accounts.
    if (wanted) return { account: wanted, findings: [...known, ok("account.account", `account ${wanted}`)] };
    return { findings: [...known, unread("account.account", "which accounts there are", accounts, "account", deployment)] };
  }
  const login = token ?? ok("account.login", kind === "key" ? "a global API key" : "wrangler is logged in");
  const { account, finding } = choose(accounts.result, wanted, deployment);
  return { account, findings: [login, finding] };
}

/**
 * @param {{id: string, name: string}[]} accounts @param {string | undefined} wanted @param {Deployment} deployment
 * @returns {{account?: string, finding: Finding}}
 */
function choose(accounts, wanted, { commands }) {
  const check = "account.account";
  const [first, ...others] = accounts;
  const names = accounts.map(({ id, name }) => `${name} (${id})`).join(", ") || "none";
  const chosen = wanted ? accounts.find(({ id }) => id === wanted) : others.length === 0 ? first : undefined;
  if (chosen) return { account: chosen.id, finding: ok(check, `account ${chosen.name} (${chosen.id})`) };
  if (!first) return { finding: problem(check, "the login sees no account", commands.login()) };
  const seen = wanted
    ? `account ${wanted} is not among those that the login sees: ${names}`
    : `which account is meant? The command takes the first of ${names}`;
  return { finding: problem(check, seen, commands.set("account_id", first.id)) };
}

/**
 * @param {Cloudflare} api @param {string | undefined} account @param {Deployment} deployment @returns {Promise<Finding>}
 */
async function checkToken(api, account, { commands }) {
  const check = "account.login";
  const own = await api.get("/user/tokens/verify");
  // Tokens that belong to an account are verified there.
  const answer = own.ok || !account ? own : await api.get(`/accounts/${account}/tokens/verify`);
  if (!answer.ok && answer.why !== "denied") {
    return unseen(check, `whether CLOUDFLARE_API_TOKEN is valid: ${answer.text}`, commands.wrangler("whoami"));
  }
  if (!answer.ok) return problem(check, `CLOUDFLARE_API_TOKEN is not accepted: ${answer.text}`, GIVE_TOKEN);
  const { status, expires_on: expires } = answer.result;
  if (status !== "active") return problem(check, `CLOUDFLARE_API_TOKEN is ${status}`, commands.browse(TOKENS));
  const days = expires ? Math.floor((Date.parse(expires) - Date.now()) / DAY_MS) : undefined;
  if (days === undefined || days > EXPIRY_NOTICE_DAYS) return ok(check, "CLOUDFLARE_API_TOKEN is accepted");
  return warning(check, `CLOUDFLARE_API_TOKEN expires in ${days} days, on ${expires.slice(0, 10)}`, commands.browse(TOKENS));
}
