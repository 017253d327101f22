// One run against a tenant, from the first call to the report's contents.

import { Findings } from "./findings.mjs";
import { seeFirstPage } from "./rows/list.mjs";
import { readList, seeSmallPages } from "./rows/paging.mjs";
import { foreignCustomer, seeForeignCustomer, seeWrongKey } from "./rows/refusals.mjs";
import { seeBearer, seeToken } from "./rows/token.mjs";
import { Interrupted, Session, Stop } from "./session.mjs";

/**
 * @typedef {object} Run
 * @property {Session} session
 * @property {import("./findings.mjs").Finding[]} rows
 * @property {Error | null} ended why it ended early: a `Stop` or `Interrupted`
 * @property {string[]} foreignCustomers
 */

/**
 * @param {import("./settings.mjs").Settings} settings
 * @param {{signal: AbortSignal, progress: (text: string) => void}} surroundings
 * @returns {Promise<Run>}
 */
export async function runAgainst(settings, { signal, progress }) {
  const findings = new Findings();
  const session = new Session(settings, findings, signal);
  const customer = foreignCustomer(settings.customer);
  const ended = await untilItEnds(async () => {
    progress(`Reading from ${settings.baseUrl}`);
    await seeToken(session);
    const first = await seeFirstPage(session);
    await seeSmallPages(session, first);
    progress("Reading the list");
    await readList(session);
    await seeBearer(session);
    await seeForeignCustomer(session, customer);
    await seeWrongKey(session);
    if (!session.settings.write) findings.unseen(14, "needs --write");
  });
  if (!findings.hasSeen(15)) findings.unseen(15, "no answer told of a limit");
  const otherwise = ended ? "the run ended before" : "needs --write";
  return { session, rows: findings.all(otherwise), ended, foreignCustomers: [customer] };
}

/** @param {() => Promise<void>} work @returns {Promise<Stop | Interrupted | null>} */
async function untilItEnds(work) {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof Stop || error instanceof Interrupted) return error;
    throw error;
  }
}
