// Row 6: how the list is cut into pages.

import { allUsers, idsIn, MAX_PAGES } from "../all-users.mjs";
import { isSuccess } from "../reading.mjs";
import { learnPage } from "./list.mjs";
import { nameThatWorks } from "./names.mjs";

/**
 * @typedef {import("../session.mjs").Session} Session
 * @typedef {import("../reading.mjs").Reading} Reading
 */

const PAGE_NAMES = ["pageNumber", "pageIndex", "pageNo", "page_number", "p"];
const SIZE_NAMES = ["limit", "size", "perPage", "per_page", "page_size", "count"];
const FAR_PAGE = 1_000_000;

/**
 * Pages of one user each, before the whole list is read: what they show is needed for that.
 * @param {Session} session @param {Reading} first the first page
 */
export async function seeSmallPages(session, first) {
  const { findings } = session;
  const count = Math.max(first.users?.length ?? 0, first.total ?? 0);
  if (count < 2) {
    findings.unseen(6, `how pages are cut: the customer has ${count === 0 ? "no user" : "one user"}`);
    if (first.users?.length === 0) await seeFirstNumber(session, first);
  } else {
    let small = await one(session, session.dialect.firstPage, "a page of one user");
    if (seePageSize(session, small, count)) small = await seeSizeName(session, small);
    await seeSecondPage(session, small);
    await seeFirstNumber(session, small);
  }
  await seeBeyond(session, first);
}

/** @param {Session} session @param {number} page @param {string} note @returns {Promise<Reading>} */
async function one(session, page, note) {
  return (await session.list({ note }, { page, pageSize: 1 })).reading;
}

/** @param {Session} session @param {Reading} small @param {number} count of all users @returns {boolean} whether it was too large */
function seePageSize({ findings, dialect }, { users, total }, count) {
  if (total !== undefined && total < count) {
    const expected = `${dialect.answers.total} counts all users`;
    findings.differs(6, { expected, seen: "it counts those of the page" });
  }
  if (users?.length === 1) findings.seen(6, "a page is as small as asked");
  else if (!users) findings.unseen(6, "a page of one user could not be read");
  return (users?.length ?? 0) > 1;
}

/** @param {Session} session @param {Reading} small @returns {Promise<Reading>} one of one user, if that can be asked for */
async function seeSizeName(session, small) {
  const { findings, dialect } = session;
  let page = small;
  const name = await nameThatWorks(session, "pageSize", SIZE_NAMES, async (changed) => {
    const manner = { note: "another name for the page size", once: true, dialect: changed };
    page = (await session.list(manner, { pageSize: 1 })).reading;
    return page.users?.length === 1;
  });
  const expected = `${dialect.query.pageSize} says how many users a page has`;
  if (name === undefined) {
    const change = "THREEDEYE_DIALECT query.pageSize";
    findings.differs(6, { expected, seen: `${small.users?.length} users where 1 was asked for`, change });
    return small;
  }
  const changes = { query: { pageSize: name } };
  session.learn(6, { expected, seen: `${name} does`, changes });
  return page;
}

/** @param {Session} session @param {Reading} first */
async function seeSecondPage(session, first) {
  const { findings, dialect } = session;
  const page = dialect.firstPage + 1;
  const second = await one(session, page, "the page after it");
  if (!first.users || !second.users) return findings.unseen(6, "the second page could not be read");
  if (second.users.length > 0 && idsIn(first.users) !== idsIn(second.users)) {
    return findings.seen(6, "the second page has other users");
  }
  const name = await nameThatWorks(session, "page", PAGE_NAMES, async (changed) => {
    const manner = { note: "another name for the page", once: true, dialect: changed };
    const { users } = (await session.list(manner, { page, pageSize: 1 })).reading;
    return (users?.length ?? 0) > 0 && idsIn(users) !== idsIn(first.users);
  });
  const seen = second.users.length === 0 ? "the second page is empty" : "the second page is the first";
  const expected = `${dialect.query.page} says which page`;
  if (name === undefined) return findings.differs(6, { expected, seen, change: "THREEDEYE_DIALECT query.page" });
  const changes = { query: { page: name } };
  session.learn(6, { expected, seen: `${name} does`, changes });
}

/** Whether there is a page before the one that counts as the first. @param {Session} session @param {Reading} first */
async function seeFirstNumber(session, first) {
  const { findings, dialect } = session;
  if (dialect.firstPage === 0) return findings.seen(6, "pages count from 0, as set");
  const pageSize = first.users?.length === 1 ? 1 : session.pageSize;
  const outcome = await session.list({ note: "page 0", once: true }, { page: 0, pageSize });
  const { users } = outcome.reading;
  if (outcome.status === null) return findings.unseen(6, `page 0: ${outcome.told}`);
  if (!users || users.length === 0) return findings.seen(6, `pages count from 1 (page 0: ${users ? "empty" : outcome.told})`);
  if (idsIn(users) === idsIn(first.users)) return findings.seen(6, "page 0 is page 1");
  const changes = { firstPage: 0 };
  session.learn(6, { expected: "pages count from 1", seen: "they count from 0", changes });
}

/** @param {Session} session @param {Reading} first */
async function seeBeyond(session, { total }) {
  const { findings } = session;
  const outcome = await session.list({ note: "a page beyond the end", once: true }, { page: FAR_PAGE, pageSize: 1 });
  const { users } = outcome.reading;
  if (outcome.status === null || outcome.status >= 500 || outcome.status === 429) {
    return findings.unseen(6, `a page beyond the end: ${outcome.told}`);
  }
  if (users?.length === 0) return findings.seen(6, "a page beyond the end is empty");
  const what = isSuccess({ status: outcome.status }) ? "has users" : `answers ${outcome.told}`;
  if (total !== undefined) return findings.seen(6, `a page beyond the end ${what}, and is not asked for where a total is told`);
  findings.differs(6, { expected: "a page beyond the end is empty", seen: `it ${what}` });
}

/**
 * @param {Session} session
 * @returns {Promise<{list: import("../all-users.mjs").List, isWhole: boolean}>}
 */
export async function seeWholeList(session) {
  const { findings, pageSize, dialect } = session;
  const list = await allUsers(session, "the list");
  const { ended, trouble, pages, total, firstLength, users } = list;
  const isWhole = ended === "end" && (total === undefined || users.size >= total);
  if (ended === "trouble") {
    findings.unseen(6, `the end of the list: ${trouble}`);
    if (list.unreadable !== undefined) learnPage(session, list.unreadable);
  }
  if (ended === "too long") findings.unseen(6, `the end of the list: at most ${MAX_PAGES} pages of ${pageSize} users are read`);
  if (ended !== "end") return { list, isWhole };
  if (!isWhole) {
    const expected = `${dialect.answers.total} counts the users in the list`;
    findings.differs(6, { expected, seen: `it is ${total}, and the list has ${users.size}` });
    return { list, isWhole };
  }
  findings.seen(6, `the list was read to its end: ${users.size} users on ${pages} pages`);
  if (pages < 2 || firstLength >= pageSize) return { list, isWhole };
  if (total !== undefined) {
    findings.seen(6, `pages have no more than ${firstLength} users; the total tells how many there are`);
  } else {
    const changes = { maxPageSize: firstLength };
    const expected = `pages of ${pageSize} users, or a total`;
    session.learn(6, { expected, seen: `pages of ${firstLength} and no total`, changes });
  }
  return { list, isWhole };
}
