// The record of accounts that a run could not delete, and their removal later. Only what a record names is deleted: an id with
// its e-mail or, where a create was not answered, the account that the run's password opens.

import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";

import { ROOT } from "../tooling/paths.mjs";
import { Failure } from "../tooling/say.mjs";
import { allUsers, emailKey } from "./all-users.mjs";
import { joined } from "./dialect.mjs";
import { isObject } from "./json.mjs";
import { OwnAccounts } from "./own-accounts.mjs";
import { quoted } from "./report.mjs";
import { isUsableId } from "./requests.mjs";
import { seeToken } from "./rows/token.mjs";
import { Stop } from "./session.mjs";

/**
 * @typedef {{id: string | null, email: string}} Remaining `null`: a create was not answered
 *
 * @typedef {object} Record
 * @property {1} version
 * @property {string} baseUrl
 * @property {string} customer
 * @property {import("./dialect.mjs").Changes} dialect what was set and what was learned
 * @property {boolean} hasLogin whether the run had one
 * @property {string} password of the accounts, which proves that they are the run's
 * @property {Remaining[]} accounts
 */

/** @param {string} transcript */
export const recordBeside = (transcript) => `${transcript.replace(/\.json$/, "")}.left-behind.json`;

/** @param {import("./run.mjs").Run} run @returns {Record} */
export const recordOf = ({ session: { settings, learned }, passwords: [password = ""], remains }) => ({
  version: 1,
  baseUrl: settings.baseUrl,
  customer: settings.customer,
  dialect: joined(settings.changes, learned),
  hasLogin: settings.login !== null,
  password,
  accounts: remains,
});

/** @param {string} file @param {Record} record */
export function writeRecord(file, record) {
  if (record.accounts.length === 0) return unlinkSync(file);
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
}

/** @param {string} file @returns {Record} */
export function readRecord(file) {
  const isAccount = (/** @type {any} */ one) =>
    isObject(one) && typeof one.email === "string" && (one.id === null || (typeof one.id === "string" && isUsableId(one.id)));
  try {
    const record = JSON.parse(readFileSync(file, "utf8"));
    const texts = [record.baseUrl, record.customer, record.password];
    const isOne = record.version === 1 && texts.every((text) => typeof text === "string") && isObject(record.dialect);
    if (isOne && Array.isArray(record.accounts) && record.accounts.every(isAccount)) return record;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") {
      throw new Failure(`There is no file ${file}`, { hint: "A removal that succeeded deletes it." });
    }
    // Told below: what is in it could be a secret.
  }
  throw new Failure("--remove wants the record that a run wrote of what it left behind", {
    hint: "Such a run prints the command with its name.",
  });
}

/** The environment for the record's tenant and customer, and for no other. @param {Record} record @param {NodeJS.ProcessEnv} env */
export function environmentOf({ baseUrl, customer, dialect }, env) {
  const recorded = { THREEDEYE_BASE_URL: baseUrl, THREEDEYE_CUSTOMER_ID: customer };
  for (const [name, value] of Object.entries(recorded)) {
    const set = env[name]?.trim().replace(/\/+$/, "");
    if (set && set !== value) throw new Failure(`${name} is not that of the record: nothing was deleted`);
  }
  return { ...env, ...recorded, THREEDEYE_DIALECT: JSON.stringify(dialect) };
}

/** @param {import("./session.mjs").Session} session @param {Record} record @param {(text: string) => void} progress @returns {Promise<Remaining[]>} */
export async function removeRecorded(session, record, progress) {
  await seeToken(session);
  const { users, ended, trouble } = await allUsers(session, "what is there");
  if (ended !== "end") throw new Stop(`the list could not be read to its end (${trouble || ended}): nothing was deleted`);
  for (const { id, email } of record.accounts) {
    const user = users.get(String(id));
    if (user && emailKey(user.email) !== emailKey(email)) {
      throw new Stop(`the account ${id} has another e-mail now: nothing was deleted`, 2);
    }
  }
  const own = new OwnAccounts(session, new Set());
  own.recall(record);
  return own.cleanUp(progress);
}

/**
 * What remains, and the command that removes it; npm runs it in the repository.
 * @param {Remaining[]} remains @param {string | null} file the record @param {boolean} isSimulator
 */
export function remainsInWords(remains, file, isSimulator) {
  const lines = remains.map(({ id, email }) =>
    id === null
      ? `✗ Perhaps left behind: an account with ${email}, whose create was not answered`
      : `✗ Left behind: the account ${id} with ${email}`,
  );
  if (file === null) return lines.join("\n");
  const place = relative(ROOT, resolve(file));
  const name = place.startsWith("..") || isAbsolute(place) ? resolve(file) : place;
  return [
    ...lines,
    "This removes what was left behind:",
    `  npm run tenant --${isSimulator ? " --simulator" : ""} --remove ${quoted(name)}`,
  ].join("\n");
}
