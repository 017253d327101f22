// Rows 3 and 18: what the token endpoint says to an account's own password, and to a wrong one.

import { newPassword } from "../password.mjs";
import { isSuccess, read } from "../reading.mjs";
import { judgeToken } from "./token.mjs";
import { growingWaits } from "./visible.mjs";

/** @typedef {import("../session.mjs").Session} Session */

/** A new account may be unknown to the token endpoint for so long. */
const PROPAGATION_MS = 5_000;

/** @param {Session} session @param {import("../own-accounts.mjs").OwnAccounts} own @param {string} email */
export async function seeProof(session, own, email) {
  await seeRight(session, { username: email, password: own.password });
  await seeWrong(session, { username: email, password: newPassword() });
}

/** @param {Session} session @param {import("../requests.mjs").Login} login */
async function seeRight(session, login) {
  const { findings, settings } = session;
  const waits = growingWaits(Math.min(settings.waitMs, PROPAGATION_MS));
  for (;;) {
    const outcome = await session.call("proof", login, { note: "the right password" });
    const { status, text } = outcome;
    if (status !== null && isSuccess({ status }) && !findings.hasSeen(3)) judgeToken(session, outcome);
    const { name } = read("proof", { status: status ?? 0, text }, session.dialect);
    if (name === "proved") return findings.seen(18, `${status} with a token for the right password`);
    const wait = waits.next();
    if (name === "not_proved" && !wait.done) {
      await session.pause(wait.value);
      continue;
    }
    if (status === null || status === 429 || status >= 500) {
      return findings.unseen(18, `the answer to the right password: ${outcome.told}`);
    }
    return findings.differs(18, { expected: "a token for the right password", seen: outcome.told });
  }
}

/** @param {Session} session @param {import("../requests.mjs").Login} login */
async function seeWrong(session, login) {
  const { findings } = session;
  const outcome = await session.call("proof", login, { note: "a wrong password", once: true });
  const { status, reading } = outcome;
  if (reading.name === "not_proved") return findings.seen(18, `${status} for a wrong one`);
  if (reading.name === "proved") {
    return findings.differs(18, { expected: "no token for a wrong password", seen: `${status} with a token` });
  }
  if (status === null || status === 429 || status >= 500) {
    return findings.unseen(18, `the answer to a wrong password: ${outcome.told}`);
  }
  findings.differs(18, { expected: "400 or 401 for a wrong password", seen: outcome.told });
}
