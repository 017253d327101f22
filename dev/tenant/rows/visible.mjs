// Rows 7 and 14: how long until the list shows a new account.

import { allUsers } from "../all-users.mjs";
import { Stop } from "../session.mjs";
import { learnPage } from "./list.mjs";

/**
 * @typedef {import("../session.mjs").Session} Session
 * @typedef {import("../own-accounts.mjs").OwnAccounts} OwnAccounts
 */

/** The Worker reads the list again after a second, and after another 2.5 s. */
const EXPECTED_MS = 3_500;

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/** Waits that grow until their sum is beyond a limit. @param {number} limitMs */
export function* growingWaits(limitMs) {
  let waited = 0;
  for (let wait = FIRST_WAIT_MS; waited < limitMs; wait = Math.min(wait * 1.6, LONGEST_WAIT_MS)) {
    const next = Math.min(wait, limitMs - waited);
    waited += next;
    yield next;
  }
}

/** @param {number} since as performance.now() tells it */
export const secondsSince = (since) => Math.round((performance.now() - since) / 100) / 10;

/**
 * Reads the list until it shows the account.
 * @param {Session} session @param {OwnAccounts} own @param {string} email
 * @returns {Promise<import("../own-accounts.mjs").Account>}
 */
export async function seeVisible(session, own, email) {
  const { findings, settings } = session;
  const since = performance.now();
  const { shown, trouble } = await untilShown(session, own, email);
  const seconds = secondsSince(since);
  const expected = `a new account is in the list within ${EXPECTED_MS / 1000} s`;
  if (trouble) findings.unseen(14, `when a new account is in the list: ${trouble}`);
  else if (shown === undefined && settings.waitMs < EXPECTED_MS) {
    findings.unseen(
      14,
      `when a new account is in the list: not within ${settings.waitMs / 1000} s, which is all that was waited`,
    );
  } else if (shown === undefined) findings.differs(14, { expected, seen: `it is not within ${settings.waitMs / 1000} s` });
  else if (performance.now() - since > EXPECTED_MS) findings.differs(14, { expected, seen: `it is after ${seconds} s` });
  else findings.seen(14, `a new account is in the list after ${seconds} s`);
  const account = own.known(email);
  if (!account) throw new Stop("the account that was made could not be found");
  if (shown !== undefined && shown !== email) {
    findings.seen(13, "the list shows the e-mail in another letter case than it was given");
  }
  return account;
}

/**
 * @param {Session} session @param {OwnAccounts} own @param {string} email
 * @returns {Promise<{shown?: string, trouble?: string}>} the e-mail as it is shown, or why the list could not be read
 */
async function untilShown(session, own, email) {
  const waits = growingWaits(session.settings.waitMs);
  for (;;) {
    await learnFromFirst(session);
    if (!own.known(email) && (await own.look(email)) === "another's") {
      throw new Stop("an account with the e-mail is there that this run's password does not open", 2);
    }
    const id = own.known(email)?.id;
    const { users, trouble } = await allUsers(session, "is the account there?");
    const shown = id === undefined ? undefined : users.get(String(id));
    if (shown) return { shown: shown.email };
    const wait = waits.next();
    if (wait.done) return { trouble };
    await session.pause(wait.value);
  }
}

/** A customer without users has told nothing of row 7 before. @param {Session} session */
async function learnFromFirst(session) {
  if (session.findings.hasSeen(7)) return;
  const { json } = await session.list({ note: "the first user" });
  if (json !== undefined) learnPage(session, json);
}
