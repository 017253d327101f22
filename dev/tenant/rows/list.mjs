// Rows 1, 2, 5 and 6: the first page of the list, and what it is made of.

import { fieldOf, isMarkup, isObject, isPlainName } from "../json.mjs";
import { isCount, isSuccess, read } from "../reading.mjs";
import { Stop } from "../session.mjs";
import { withOtherQuery } from "./query.mjs";
import { seeUsers } from "./user.mjs";

/** @typedef {import("../session.mjs").Session} Session @typedef {import("../session.mjs").Outcome} Outcome */

/** By them the query may be refused. */
const REFUSING = [400, 413, 422];

const LIST_NAMES = /^(data|items|users|results?|records|values?|list|content|entries|rows)$/i;

/**
 * Reads the first page; what is named otherwise is learned, so that the rest can be read.
 * @param {Session} session
 * @returns {Promise<import("../reading.mjs").Reading & {ms: number}>}
 */
export async function seeFirstPage(session) {
  const outcome = await firstPage(session);
  const { findings, settings } = session;
  learnPage(session, outcome.json);
  const reading = read("list", { status: outcome.status ?? 0, text: outcome.text }, session.dialect);
  if (!reading.users) throw new Stop("the list could not be read", 1);
  findings.seen(1, `${settings.baseUrl} answers`);
  findings.seen(2, "ours reads the list");
  findings.seen(
    6,
    `page 1 has ${reading.users.length} of ${reading.total ?? "?"} users, asked for ${session.pageSize}, in ${outcome.ms} ms`,
  );
  return { ...reading, ms: outcome.ms };
}

/** @param {Session} session @returns {Promise<Outcome>} one with a body of JSON */
async function firstPage(session) {
  const { findings, settings } = session;
  let outcome = await session.list({ note: "the first page" });
  // A page of HTML, or half an answer, may be a passing trouble.
  if (isSuccess({ status: outcome.status ?? 0 }) && outcome.json === undefined) {
    outcome = await session.list({ note: "the first page again" });
  }
  if (REFUSING.includes(outcome.status ?? 0)) outcome = await withOtherQuery(session, outcome);
  const { status } = outcome;
  if (status === null || outcome.reading.name === "error:unavailable") {
    throw new Stop(`the list could not be read (${outcome.told})`);
  }
  if (status === 401 || status === 403) {
    findings.unseen(2, `our key was refused (${status})`);
    const refused = settings.login ? "our key, our login's token or our customer" : "our key or our customer, or wants a login";
    throw new Stop(`3dEye refused ${refused} (${status})`);
  }
  if (status >= 300 && status < 400) {
    const change = "THREEDEYE_BASE_URL";
    findings.differs(1, { expected: "answers without a redirect, which is not followed", seen: String(status), change });
  } else if (!isSuccess({ status })) {
    const path = status === 404 || status === 405 ? "paths.users, THREEDEYE_BASE_URL" : "query";
    const change = `THREEDEYE_DIALECT ${path}, or THREEDEYE_CUSTOMER_ID`;
    findings.differs(6, { expected: `${session.dialect.paths.users} answers 2xx`, seen: String(status), change });
  } else if (isMarkup(outcome.text)) {
    findings.differs(1, { expected: "JSON", seen: `${status} with a page of HTML`, change: "THREEDEYE_BASE_URL" });
  } else if (outcome.json === undefined) {
    findings.differs(5, { expected: "JSON", seen: `${status} with something else, or cut off` });
  } else return outcome;
  throw new Stop("the list could not be read", 1);
}

/** What a page is made of. @param {Session} session @param {any} json */
export function learnPage(session, json) {
  const { findings } = session;
  const expected = `{"${session.dialect.answers.items}": […]}`;
  if (Array.isArray(json)) {
    findings.differs(5, { expected, seen: "a bare list" });
    if (json.length > 0) seeUsers(session, json);
    return;
  }
  if (!isObject(json)) return findings.differs(5, { expected, seen: "JSON that is neither an object nor a list" });
  if (!Array.isArray(fieldOf(json, session.dialect.answers.items))) {
    const lists = Object.keys(json).filter((key) => Array.isArray(json[key]) && isPlainName(key));
    const name = lists.find((key) => LIST_NAMES.test(key)) ?? (lists.length === 1 ? lists[0] : undefined);
    if (name === undefined) return findings.differs(5, { expected, seen: "an object without a list" });
    const changes = { answers: { items: name } };
    session.learn(5, { expected, seen: `{"${name}": […]}`, changes });
  } else findings.seen(5, `a list is under ${session.dialect.answers.items}`);
  seeTotal(session, json);
  const items = fieldOf(json, session.dialect.answers.items);
  if (Array.isArray(items) && items.length > 0) seeUsers(session, items);
}

/** @param {Session} session @param {any} json */
function seeTotal(session, json) {
  const { findings } = session;
  const { total: name } = session.dialect.answers;
  const total = fieldOf(json, name) ?? undefined;
  if (total !== undefined && !isCount(total)) {
    return findings.differs(6, { expected: `${name} is a whole number`, seen: "something else" });
  }
  if (total !== undefined) return findings.seen(6, `${name} is told`);
  const isTotal = (/** @type {string} */ key) =>
    isPlainName(key) && /total|count/i.test(key) && !/page/i.test(key) && isCount(json[key]);
  const found = Object.keys(json).filter(isTotal);
  const other = found.find((key) => /total/i.test(key)) ?? found[0];
  if (other === undefined) return findings.seen(6, "no total is told: the list ends at a page shorter than asked");
  const changes = { answers: { total: other } };
  session.learn(6, { expected: `the field ${name}`, seen: `the field ${other}`, changes });
}
