// Rows 2, 12 and 16: what a wrong key and a customer that is not ours answer. Each is tried once, with made-up values.

import { randomBytes, randomInt, randomUUID } from "node:crypto";

import { isSuccess } from "../reading.mjs";
import { CUSTOMER_NAMES, nameThatWorks } from "./names.mjs";

/** @typedef {import("../session.mjs").Session} Session */

/** @param {Session} session */
export async function seeWrongKey(session) {
  const { findings } = session;
  const key = `not-a-key-${randomBytes(12).toString("hex")}`;
  const outcome = await session.list({ note: "a wrong key", key, once: true }, { pageSize: 1 });
  const { status, reading } = outcome;
  if (status === null || status === 429 || status >= 500) {
    return findings.unseen(2, `what a wrong key answers: ${outcome.told}`);
  }
  if (status === 401 || status === 403) return findings.seen(2, `a wrong one answers ${status}`);
  if (reading.users) return findings.differs(2, { expected: "a wrong key is refused", seen: "a wrong key reads the list" });
  if (isSuccess({ status })) {
    const seen = `a wrong key answers ${status} without a list`;
    return findings.differs(16, { expected: "errors have a status of 400 or more", seen });
  }
  findings.differs(2, { expected: "a wrong key answers 401 or 403", seen: String(status) });
}

/** A customer id that looks like ours. @param {string} customer */
export function foreignCustomer(customer) {
  if (/^[0-9a-f-]{36}$/i.test(customer)) return randomUUID();
  // The end of what 32 bits hold: a number that is not likely to be given away yet, and no error to a backend.
  if (/^\d+$/.test(customer)) return String(2 ** 31 - 1 - randomInt(400_000));
  return `none-${randomBytes(8).toString("hex")}`;
}

/**
 * Whether our customer is told apart from one that does not exist: an empty list may be the answer to a mistyped id.
 * @param {Session} session @param {string} customer made up @param {boolean} isEmpty whether our own list is
 * @returns {Promise<boolean>}
 */
export async function seeForeignCustomer(session, customer, isEmpty) {
  const outcome = await session.list({ note: "a customer that does not exist", once: true }, { customer, pageSize: 1 });
  await judgeForeign(session, customer, outcome);
  const { status } = outcome;
  const isRefused = status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429;
  if (!isEmpty || isRefused) return true;
  session.findings.unseen(
    12,
    "whether our customer exists: its list is empty, and that of one that does not exist is not refused",
  );
  return false;
}

/** @param {Session} session @param {string} customer @param {import("../session.mjs").Outcome} outcome */
async function judgeForeign(session, customer, outcome) {
  const { findings } = session;
  const { status, reading } = outcome;
  if (status === null || status === 429 || status >= 500) {
    return findings.unseen(12, `what a customer that is not ours answers: ${outcome.told}`);
  }
  if (!isSuccess({ status })) return findings.seen(12, `a customer that is not ours answers ${status}`);
  if (!reading.users) return findings.unseen(12, "the list of a customer that is not ours could not be read");
  if (reading.users.length === 0) return findings.seen(12, "the list of a customer that is not ours is empty");
  const expected = "no users in the list of a customer that does not exist";
  findings.differs(12, { expected, seen: "it has users", change: "THREEDEYE_DIALECT query.customer" });
  const name = await nameThatWorks(session, "customer", CUSTOMER_NAMES, async (dialect) => {
    const page = { customer, pageSize: 1 };
    const other = await session.list({ note: "another name for the customer", once: true, dialect }, page);
    const isWalled = other.status !== null && other.status < 500 && !other.reading.users?.length;
    if (!isWalled) return false;
    const ours = await session.list({ note: "another name for the customer", once: true, dialect }, { pageSize: 1 });
    return (ours.reading.users?.length ?? 0) > 0;
  });
  const asked = `the list is that of ${session.dialect.query.customer}`;
  if (name !== undefined) {
    return session.learn(6, { expected: asked, seen: `that of ${name}`, changes: { query: { customer: name } } });
  }
  findings.differs(6, { expected: asked, seen: "that parameter is ignored", change: "THREEDEYE_DIALECT query.customer" });
}
