// One run against a tenant, from the first call to the report's contents.

import { Findings } from "./findings.mjs";
import { OwnAccounts } from "./own-accounts.mjs";
import { seeFirstPage } from "./rows/list.mjs";
import { seeSmallPages, seeWholeList } from "./rows/paging.mjs";
import { foreignCustomer, seeForeignCustomer, seeWrongKey } from "./rows/refusals.mjs";
import { seeBearer, seeToken } from "./rows/token.mjs";
import { Session, Stop } from "./session.mjs";
import { checkBefore, planOf, seeWriting } from "./write.mjs";

/**
 * @typedef {object} Run
 * @property {Session} session
 * @property {import("./findings.mjs").Finding[]} rows
 * @property {Error | null} ended why it ended early; anything but a `Stop` or `Interrupted` is a bug of ours
 * @property {{id: string | null, email: string}[]} remains accounts that could not be deleted
 * @property {string[]} foreignCustomers made up
 * @property {string[]} passwords made up
 *
 * @typedef {object} Surroundings
 * @property {AbortSignal} signal ends the run
 * @property {(text: string) => void} progress
 * @property {(plan: string) => Promise<boolean>} confirm asks before anything is changed
 */

/** A new customer answers so, too, but then the run has seen next to nothing. */
const NOT_KNOWN =
  "the customer has no user, as one that does not exist: is THREEDEYE_CUSTOMER_ID right? If it is, --write shows that, by an account";

/**
 * @param {import("./settings.mjs").Settings} settings
 * @param {Surroundings} surroundings
 * @returns {Promise<Run>}
 */
export async function runAgainst(settings, { signal, progress, confirm }) {
  const findings = new Findings();
  const session = new Session(settings, findings, signal);
  const customer = foreignCustomer(settings.customer);
  let otherwise = "needs --write";
  /** @type {OwnAccounts | undefined} */
  let own;
  const ended = await untilItEnds(async () => {
    progress(`Reading from ${settings.baseUrl}`);
    const { list, isWhole, isKnown } = await seeReading(session, customer);
    if (settings.write === undefined) {
      if (isKnown) return;
      throw new Stop(NOT_KNOWN, 2);
    }
    checkBefore(list, isWhole, settings.write);
    if (await confirm(planOf(settings, settings.write, isKnown))) {
      own = new OwnAccounts(session, new Set(list.users.keys()));
      otherwise = "no answer told it";
      await seeWriting(session, own, settings.write, progress);
    } else otherwise = "writing was not confirmed";
  });
  const remains = (await own?.cleanUp(progress)) ?? [];
  if (!findings.hasSeen(15)) findings.unseen(15, "no answer told of a limit");
  return {
    session,
    rows: findings.all(ended ? "the run ended before" : otherwise),
    ended,
    remains,
    foreignCustomers: [customer],
    passwords: own ? [own.password] : [],
  };
}

/** @param {Session} session @param {string} customer that does not exist */
async function seeReading(session, customer) {
  await seeToken(session);
  await seeSmallPages(session, await seeFirstPage(session));
  const whole = await seeWholeList(session);
  await seeBearer(session);
  const isEmpty = whole.list.ended === "end" && whole.list.users.size === 0;
  const isKnown = await seeForeignCustomer(session, customer, isEmpty);
  await seeWrongKey(session);
  return { ...whole, isKnown };
}

/** @param {() => Promise<void>} work @returns {Promise<Error | null>} what is to be told once all is cleaned up */
async function untilItEnds(work) {
  try {
    await work();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
