// Row 6: the list refuses the query. Is it the size of a page, the first page's number, or the customer's name?

import { withChanges } from "../dialect.mjs";
import { isSuccess } from "../reading.mjs";
import { CUSTOMER_NAMES, nameThatWorks } from "./names.mjs";

/** @typedef {import("../session.mjs").Session} Session @typedef {import("../session.mjs").Outcome} Outcome */

/** A page so small that its size is no reason to refuse it. */
const SMALL = 10;

/** Sizes that a tenant may limit pages to. */
const SIZES = [20, 25, 30, 40, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 2500, 3000, 4000];

/** @param {Session} session @param {Outcome} refused @returns {Promise<Outcome>} a page, if there is a query that is accepted */
export async function withOtherQuery(session, refused) {
  const asked = session.pageSize;
  const small = Math.min(asked, SMALL);
  const smallPage = await pageOf(session, session.dialect, small);
  if (smallPage && small === asked) return smallPage;
  const isSize = smallPage !== undefined;
  if (!isSize && !(await learnQuery(session, small))) return refused;
  const whole = isSize ? undefined : await pageOf(session, session.dialect, asked);
  return whole ?? (await largestPage(session, small, asked)) ?? refused;
}

/** @param {Session} session @param {number} small a size that is accepted @param {number} asked one that is not */
async function largestPage(session, small, asked) {
  const sizes = SIZES.filter((size) => size > small && size < asked);
  let accepted = small;
  while (sizes.length > 0) {
    const middle = sizes.length >> 1;
    const size = sizes[middle] ?? small;
    if (await pageOf(session, session.dialect, size)) {
      accepted = size;
      sizes.splice(0, middle + 1);
    } else sizes.splice(middle);
  }
  const seen = `${accepted} is the largest size tried that is accepted`;
  session.learn(6, { expected: `pages of ${asked} users`, seen, changes: { maxPageSize: accepted } });
  return pageOf(session, session.dialect, accepted);
}

/** Goes on with the first other query that gives a small page. @param {Session} session @param {number} pageSize @returns {Promise<boolean>} */
async function learnQuery(session, pageSize) {
  const { dialect } = session;
  const works = async (/** @type {import("../dialect.mjs").Dialect} */ one) =>
    (await pageOf(session, one, pageSize)) !== undefined;
  const firstPage = 1 - dialect.firstPage;
  if (await works(withChanges(dialect, { firstPage }))) {
    const expected = `pages count from ${dialect.firstPage}`;
    session.learn(6, { expected, seen: `they count from ${firstPage}`, changes: { firstPage } });
    return true;
  }
  const name = await nameThatWorks(session, "customer", CUSTOMER_NAMES, works);
  if (name === undefined) return false;
  const expected = `the customer is called ${dialect.query.customer}`;
  session.learn(6, { expected, seen: `it is called ${name}`, changes: { query: { customer: name } } });
  return true;
}

/** @param {Session} session @param {import("../dialect.mjs").Dialect} dialect @param {number} pageSize @returns {Promise<Outcome | undefined>} */
async function pageOf(session, dialect, pageSize) {
  const page = { page: dialect.firstPage, pageSize };
  const outcome = await session.list({ note: "another query", dialect }, page);
  return isSuccess({ status: outcome.status ?? 0 }) && outcome.json !== undefined ? outcome : undefined;
}
