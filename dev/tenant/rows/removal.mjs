// Rows 9 and 14: the account is deleted, deleted again, and made again as soon as that works.

import { allUsers } from "../all-users.mjs";
import { Stop } from "../session.mjs";
import { growingWaits, secondsSince } from "./visible.mjs";

/**
 * @typedef {import("../session.mjs").Session} Session
 * @typedef {import("../own-accounts.mjs").OwnAccounts} OwnAccounts
 * @typedef {import("../own-accounts.mjs").Account} Account
 */

/** Within this time of a delete of its own the Worker takes an e-mail for not yet free. */
const EXPECTED_TAKEN_MINUTES = 15;

/** @param {Session} session @param {OwnAccounts} own @param {Account} account */
export async function seeRemoval(session, own, account) {
  const { findings, dialect } = session;
  const { id } = account;
  const first = await own.remove(id, "the account");
  if (first.reading.name !== "deleted") {
    const isOutage = first.status === null || first.status === 429 || first.status >= 500;
    if (isOutage) findings.unseen(9, `deleting the account: ${first.told}`);
    else findings.differs(9, { expected: "2xx", seen: first.told, change: "THREEDEYE_DIALECT paths.user" });
    throw new Stop("the account could not be deleted at the first attempt", isOutage ? 3 : 1);
  }
  findings.seen(9, first.told);
  const again = await own.remove(id, "the account again");
  const { name } = again.reading;
  const { status } = again;
  if (name === "gone" || name === "deleted") findings.seen(9, `${again.told} when it is gone already`);
  else if (status === null || status === 429 || status < 400 || status >= 500) {
    findings.unseen(9, `deleting it again: ${again.told}`);
  } else {
    const { goneStatuses } = dialect.delete;
    const changes = { delete: { goneStatuses: [...goneStatuses, status] } };
    session.learn(9, { expected: `${goneStatuses.join(", ")} when it is gone already`, seen: again.told, changes });
  }
  if (await isStillShown(session, id)) own.doubt(account);
}

/** @param {Session} session @param {import("../requests.mjs").Id} id */
async function isStillShown(session, id) {
  const { findings, settings } = session;
  const since = performance.now();
  const waits = growingWaits(settings.waitMs);
  for (;;) {
    const { users, ended, trouble } = await allUsers(session, "is the account gone?");
    const isShown = users.has(String(id));
    if (ended === "end" && !isShown) {
      findings.seen(9, `the list does not show it any more after ${secondsSince(since)} s`);
      return false;
    }
    const wait = waits.next();
    if (wait.done) {
      const expected = "the list does not show it any more";
      if (isShown) findings.differs(9, { expected, seen: `it does after ${settings.waitMs / 1000} s` });
      else findings.unseen(9, `whether the list shows it still: ${trouble || "it could not be read to its end"}`);
      return isShown;
    }
    await session.pause(wait.value);
  }
}

/** How long the e-mail of a deleted account stays taken. @param {Session} session @param {OwnAccounts} own @param {string} email */
export async function seeFreed(session, own, email) {
  const { findings, settings } = session;
  const since = performance.now();
  const waits = growingWaits(settings.waitMs);
  for (;;) {
    const outcome = await own.create(email, "the e-mail of the deleted account");
    const { name } = outcome.reading;
    if (name === "account") {
      return findings.seen(14, `the e-mail of a deleted account is free after ${secondsSince(since)} s`);
    }
    if (name !== "email_taken") return findings.unseen(14, `the e-mail of a deleted account: ${outcome.told}`);
    const wait = waits.next();
    if (wait.done) break;
    await session.pause(wait.value);
  }
  const told = `still taken after ${settings.waitMs / 1000} s; up to ${EXPECTED_TAKEN_MINUTES} minutes are assumed`;
  findings.unseen(14, `when the e-mail of a deleted account is free: ${told}`);
}
