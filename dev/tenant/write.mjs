// What a run with --write does: the plan that is shown before, and its steps.

import { emailKey } from "./all-users.mjs";
import { seeCase, seeCreate, seeTaken } from "./rows/create.mjs";
import { seeProof } from "./rows/proof.mjs";
import { seeFreed, seeRemoval } from "./rows/removal.mjs";
import { seeRole } from "./rows/roles.mjs";
import { seeVisible } from "./rows/visible.mjs";
import { Stop } from "./session.mjs";

/** @typedef {import("./session.mjs").Session} Session */

/** @param {import("./settings.mjs").Settings} settings @param {string} email @param {boolean} isKnown whether the customer exists for certain */
export const planOf = ({ baseUrl, role, waitMs }, email, isKnown) =>
  [
    ...(isKnown ? [] : ["The customer has no user, as one that does not exist: is THREEDEYE_CUSTOMER_ID right?"]),
    `This changes a real customer at ${baseUrl}:`,
    `  1. creates an account with ${email}, and tries the same e-mail again, also in another letter case`,
    `  2. reads the list until it shows the account, for ${waitMs / 1000} s at most`,
    role === undefined ? "  3. attaches no role, as there is no --role" : "  3. attaches the role, twice, and detaches it",
    "  4. asks for a token with the account's password, and once with a wrong one",
    "  5. deletes the account, twice",
    `  6. creates it again as soon as that works, for ${waitMs / 1000} s at most, and deletes it`,
    "It deletes nothing but accounts that it made, also when it is interrupted or fails.",
  ].join("\n");

/**
 * @param {import("./all-users.mjs").List} list @param {boolean} isWhole
 * @param {string} email
 */
export function checkBefore({ users, ended }, isWhole, email) {
  if (!isWhole) {
    const why = "writing needs a list that can be read to its end, to find an account whose answer was lost";
    if (ended === "too long") throw new Stop(`${why}; set a larger THREEDEYE_PAGE_SIZE`, 2);
    throw new Stop(why);
  }
  const isThere = [...users.values()].some((user) => emailKey(user.email) === emailKey(email));
  if (isThere) throw new Stop("the list has an account with the e-mail already: nothing was changed. Take another one", 2);
}

/**
 * @param {Session} session @param {import("./own-accounts.mjs").OwnAccounts} own @param {string} email
 * @param {(text: string) => void} progress
 */
export async function seeWriting(session, own, email, progress) {
  progress(`Creating an account with ${email}`);
  await seeCreate(session, own, email);
  await seeTaken(session, own, email);
  await seeCase(session, own, email);
  progress("Waiting until the list shows it");
  const account = await seeVisible(session, own, email);
  const { role } = session.settings;
  if (role === undefined) session.findings.unseen(10, "needs --role");
  else await seeRole(session, account.id, role);
  await seeProof(session, own, email);
  progress("Deleting it");
  await seeRemoval(session, own, account);
  progress("Creating it again");
  await seeFreed(session, own, email);
}
