// `npm run set -- NAME=VALUE`: writes settings into wrangler.toml, and leaves everything else in it as it is, comments too.

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { inRoot } from "./tooling/paths.mjs";
import { Failure, runMain, say } from "./tooling/say.mjs";
import { secretNames, variables } from "./tooling/setting-names.mjs";
import { withEntry } from "./tooling/toml-lines.mjs";

const HELP = `npm run set -- NAME=VALUE [NAME=VALUE …]

  NAME           a variable of docs/CONFIGURATION.md, such as JWT_ISSUER; or database_id, account_id, compatibility_date
  VALUE          an empty one takes the setting out, so that its default counts
  --config FILE  another wrangler.toml
  --env NAME     an environment of wrangler.toml
  --help         this text

Secrets are not set here but with: npx wrangler secret put NAME
`;

/** Keys of wrangler.toml itself. */
const OWN_KEYS = ["account_id", "compatibility_date"];

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { config: { type: "string" }, env: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return say(HELP);
  if (positionals.length === 0) throw new Failure(`What is to be set?\n\n${HELP}`);
  const file = resolve(values.config ?? inRoot("wrangler.toml"));
  let text = read(file);
  for (const [name, value] of positionals.map(entryOf)) text = withEntry(text, tableOf(name, values.env), name, value);
  // A file that is half written would be worse than an old one.
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  say(`Written to ${file}. It counts from the next deployment on: npx wrangler deploy`);
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {string} argument @returns {[string, string]} */
function entryOf(argument) {
  const at = argument.indexOf("=");
  // What stands there may be a secret: only the name is repeated.
  const name = argument.slice(0, Math.max(at, 0)).trim();
  const value = argument.slice(at + 1).trim();
  if (at < 1) throw new Failure("NAME=VALUE is wanted, such as JWT_AUDIENCE=https://api.example.com");
  const isVariable = variables().some((one) => one.name === name);
  // Out of the file it may always be taken, also what should never have been in it.
  if (isVariable || name === "database_id" || OWN_KEYS.includes(name) || value === "") return [name, value];
  if (secretNames().includes(name)) {
    throw new Failure(`${name} is a secret, which has no place in wrangler.toml`, { hint: `npx wrangler secret put ${name}` });
  }
  throw new Failure(`There is no setting ${name.slice(0, 60)}`, { hint: "docs/CONFIGURATION.md lists them." });
}

/** @param {string} name @param {string} [env] */
function tableOf(name, env) {
  const prefix = env ? `env.${env}.` : "";
  if (name === "database_id") return { header: `[[${prefix}d1_databases]]` };
  if (OWN_KEYS.includes(name)) return { header: env ? `[env.${env}]` : "" };
  return { header: `[${prefix}vars]` };
}

await runMain(main);
