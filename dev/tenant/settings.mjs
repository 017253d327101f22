// What a run is told: arguments, and the environment or a prompt for all that is secret.

import { parseArgs } from "node:util";

import { ask } from "../tooling/prompt.mjs";
import { Failure } from "../tooling/say.mjs";
import { parseDialect } from "./dialect.mjs";
import { isUsableId } from "./requests.mjs";

/**
 * @typedef {object} Options
 * @property {string | undefined} write the e-mail of the account to make; undefined for a run that only reads
 * @property {string | undefined} role the role to attach
 * @property {boolean} yes
 * @property {boolean} json
 * @property {string | undefined} transcript
 * @property {boolean} simulator the tenant is the simulator of `npm start`
 * @property {string | undefined} remove the record of what an earlier run left behind
 * @property {number} timeoutMs of one call
 * @property {number} waitMs for anything that takes its time at 3dEye
 * @property {boolean} help
 *
 * @typedef {object} Upstream
 * @property {string} baseUrl without a slash at its end
 * @property {string} apiKey
 * @property {string} customer
 * @property {import("./requests.mjs").Login | null} login
 * @property {number} pageSize
 * @property {import("./dialect.mjs").Dialect} dialect
 * @property {import("./dialect.mjs").Changes | null} changes the dialect as it is set
 *
 * @typedef {Options & Upstream} Settings
 */

const DEFAULT_BASE_URL = "https://admin-api.3deye.me/v3";

export const HELP = `npm run tenant [-- options]

Checks a real tenant of 3dEye against docs/3DEYE.md, row by row. It only reads, unless told to --write.

  --write E-MAIL     also makes an account with this e-mail, makes it again, deletes it and makes it again, after showing
                     what it will do; leaves nothing behind. Take an address of your own: you+test@your.domain
  --role ID          with --write: a role to attach to that account and to detach
  --remove FILE      deletes what an earlier run had to leave behind, and nothing else; such a run prints this command
  --simulator        looks at the simulator of npm start, whatever the environment says
  --yes              does not ask before it writes
  --json             prints the report as JSON; npm run -s keeps npm's own lines out of it
  --transcript FILE  where the transcript goes; default .dev/tenant/TIME.json. Personal data and secrets are replaced in it
  --timeout SECONDS  limit of one call; default 10
  --wait SECONDS     how long to wait until an account is visible, its e-mail is free again, or 3dEye allows more calls;
                     default 60

Environment, in which secrets stay out of the list of processes; on a terminal you are asked for what is missing:

  THREEDEYE_API_KEY, THREEDEYE_CUSTOMER_ID            needed
  THREEDEYE_BASE_URL                                  default ${DEFAULT_BASE_URL}
  THREEDEYE_USERNAME, THREEDEYE_PASSWORD              a login, if you use one
  THREEDEYE_PAGE_SIZE, THREEDEYE_DIALECT              as the Worker has them

Exit codes: 0 every row that was seen is as assumed; 1 a row differs; 2 wrong usage or setting, the e-mail is in use, or the
customer has no user and may not exist;
3 the tenant could not be reached, refused us, or an account had to be left behind, also when interrupted;
128 and the signal's number when interrupted with nothing left behind.
`;

/** @param {string[]} args @returns {Options} */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      write: { type: "string" },
      role: { type: "string" },
      simulator: { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      transcript: { type: "string" },
      remove: { type: "string" },
      timeout: { type: "string", default: "10" },
      wait: { type: "string", default: "60" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { write, role, simulator, yes, json, transcript, remove, help } = values;
  if (write !== undefined && !isAddress(write)) throw new Failure("--write wants an e-mail, such as you+test@your.domain");
  if (role !== undefined && !isUsableId(role)) throw new Failure("--role wants the id of a role");
  if (role !== undefined && write === undefined)
    throw new Failure("--role needs --write: a role is attached to the account made");
  if (transcript === "") throw new Failure("--transcript wants the name of a file");
  if (remove !== undefined && (write !== undefined || json || transcript !== undefined)) {
    throw new Failure("--remove goes with no other option but --simulator, --timeout and --wait");
  }
  const timeoutMs = milliseconds("--timeout", values.timeout, 0.05, 60);
  const waitMs = milliseconds("--wait", values.wait, 0, 3600);
  return { write, role, simulator, yes, json, transcript, remove, help, timeoutMs, waitMs };
}

/** @param {string} text */
const isAddress = (text) => /^[^\s@<>,;:"()]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(text) && /^[\x21-\x7e]+$/.test(text);

/** @param {string} name @param {string} text @param {number} min @param {number} max */
function milliseconds(name, text, min, max) {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max)) throw new Failure(`${name} must be a number of seconds from ${min} to ${max}`);
  return Math.round(number * 1000);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {import("../tooling/prompt.mjs").Terminal | null} terminal to ask for what is missing
 * @param {boolean} [wantsLogin] a login is needed, too
 * @returns {Promise<Upstream>}
 */
export async function readUpstream(env, terminal, wantsLogin = false) {
  // A malformed setting is told before anything is asked.
  const { changes, dialect } = parseDialect(env.THREEDEYE_DIALECT);
  const pageSize = pageSizeOf(env.THREEDEYE_PAGE_SIZE);
  const given = await withAnswers(env, terminal, wantsLogin);
  const baseUrl = safeUrl(given("THREEDEYE_BASE_URL") ?? DEFAULT_BASE_URL);
  const apiKey = needed(given, "THREEDEYE_API_KEY");
  if (!/^[\x20-\x7e]+$/.test(apiKey)) throw new Failure("THREEDEYE_API_KEY must be of ASCII characters");
  const customer = needed(given, "THREEDEYE_CUSTOMER_ID");
  const username = wantsLogin ? needed(given, "THREEDEYE_USERNAME") : given("THREEDEYE_USERNAME");
  const password = given("THREEDEYE_PASSWORD");
  if ((username === undefined) !== (password === undefined)) {
    throw new Failure("THREEDEYE_USERNAME and THREEDEYE_PASSWORD must be set together");
  }
  const login = username !== undefined && password !== undefined ? { username, password } : null;
  return { baseUrl, apiKey, customer, login, pageSize, dialect, changes };
}

/** @typedef {(name: string) => string | undefined} Lookup */

/** @param {NodeJS.ProcessEnv} env @param {import("../tooling/prompt.mjs").Terminal | null} terminal @param {boolean} wantsLogin @returns {Promise<Lookup>} */
async function withAnswers(env, terminal, wantsLogin) {
  const of = (/** @type {Record<string, string | undefined>} */ values) => (/** @type {string} */ name) =>
    values[name]?.trim() || undefined;
  const set = of(env);
  const wanted = ["THREEDEYE_API_KEY", "THREEDEYE_CUSTOMER_ID", ...(wantsLogin ? ["THREEDEYE_USERNAME"] : [])];
  if (!terminal || wanted.every((name) => set(name))) return set;
  /** @type {Record<string, string | undefined>} */
  const values = { ...env };
  const missing = async (/** @type {string} */ name, /** @type {string} */ question) => {
    if (!set(name)) values[name] = await ask(terminal, question);
  };
  terminal.output.write("What you type is not shown.\n");
  await missing("THREEDEYE_BASE_URL", `Base URL (Enter for ${DEFAULT_BASE_URL}): `);
  await missing("THREEDEYE_API_KEY", "API key: ");
  await missing("THREEDEYE_CUSTOMER_ID", "Customer id: ");
  await missing("THREEDEYE_USERNAME", "User name of the login (Enter for none): ");
  if (of(values)("THREEDEYE_USERNAME")) await missing("THREEDEYE_PASSWORD", "Its password: ");
  return of(values);
}

/** @param {Lookup} given @param {string} name */
function needed(given, name) {
  const value = given(name);
  if (value === undefined) throw new Failure(`${name} is missing`, { hint: "Set it in the environment; see --help." });
  return value;
}

/** @param {string | undefined} text */
function pageSizeOf(text) {
  const value = text?.trim();
  if (!value) return 500;
  if (!/^\d{1,4}$/.test(value) || Number(value) < 1 || Number(value) > 5000) {
    throw new Failure("THREEDEYE_PAGE_SIZE must be an integer from 1 to 5000");
  }
  return Number(value);
}

/** What the Worker accepts, too: https, or http on loopback, and nothing beside host, port and path. @param {string} text */
function safeUrl(text) {
  const url = /^[\x21-\x7e]+$/.test(text) && !/[?#\\]/.test(text) ? URL.parse(text) : null;
  const isLoopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url?.hostname ?? "");
  const isSafe = url && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback));
  if (!isSafe || url.username || url.password) {
    throw new Failure("THREEDEYE_BASE_URL must be https, or http on a loopback host, without a user, a query and a fragment");
  }
  return text.replace(/\/+$/, "");
}
