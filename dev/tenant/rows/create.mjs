// Rows 8, 11, 13 and 17: an account is made, and made again.

import { takenWords } from "../reading.mjs";
import { saying } from "../saying.mjs";
import { Stop } from "../session.mjs";

/**
 * @typedef {import("../session.mjs").Session} Session
 * @typedef {import("../session.mjs").Outcome} Outcome
 * @typedef {import("../own-accounts.mjs").OwnAccounts} OwnAccounts
 */

/** Words by which other services say that an e-mail is taken. */
const OTHER_WORDS = ["in use", "registered", "not unique", "unique", "occupied", "conflict", "duplicated"];

/** @param {Session} session @param {OwnAccounts} own @param {string} email */
export async function seeCreate(session, own, email) {
  const { findings } = session;
  const outcome = await own.create(email, "an account");
  const { name, id } = outcome.reading;
  if (name === "email_taken") {
    const why = `the e-mail is taken (${outcome.told})`;
    findings.unseen(8, why);
    throw new Stop(`${why}, though the list does not show it: nothing was changed. Take another one`, 2);
  }
  if (name === "error:answer_lost") {
    findings.unseen(17, "the answer to the create was lost");
    return findings.unseen(8, `its answer was lost: ${outcome.told}`);
  }
  if (name !== "account") {
    const seen = outcome.told + saying(outcome.text, secretsOf(session, own));
    const change = "THREEDEYE_DIALECT create, paths.users";
    findings.differs(8, { expected: "2xx", seen, change });
    if (/password/i.test(outcome.text)) {
      findings.differs(17, { expected: "20 characters with upper and lower case, digits and -_.!", seen });
    }
    throw new Stop("no account could be made", 1);
  }
  findings.seen(8, `${outcome.told} ${id === undefined ? "without an id: it is looked for in the list" : "with the id"}`);
  findings.seen(17, "a password as we choose them is accepted");
}

/** @param {Session} session @param {OwnAccounts} own @param {string} email */
export async function seeTaken(session, own, email) {
  const { findings } = session;
  const outcome = await own.create(email, "the same e-mail again");
  const { name } = outcome.reading;
  if (name === "email_taken") return findings.seen(11, `a create with a taken e-mail answers ${outcome.told}`);
  if (name === "account") {
    return findings.differs(11, { expected: "e-mails are unique", seen: `${outcome.told}: a second account with the e-mail` });
  }
  const { status, text } = outcome;
  const isOutage = status !== null && status >= 500 && takenWords(text, session.dialect, email).length === 0;
  if (status === null || status === 408 || status === 429 || isOutage) {
    return findings.unseen(11, `a create with a taken e-mail: ${outcome.told}`);
  }
  judgeOtherTaken(session, own, email, outcome, status);
}

/**
 * It was refused in another way than assumed.
 * @param {Session} session @param {OwnAccounts} own @param {string} email
 * @param {Outcome} outcome @param {number} status
 */
function judgeOtherTaken(session, own, email, outcome, status) {
  const { findings, dialect } = session;
  const { statuses, statusesWithWord, words } = dialect.taken;
  const expected = `${statuses.join(", ")}, or ${statusesWithWord.join(", ")} with one of: ${words.join(", ")}`;
  const seen = outcome.told + saying(outcome.text, secretsOf(session, own));
  if (status < 400) return findings.differs(11, { expected, seen });
  const others = { ...dialect, taken: { ...dialect.taken, words: OTHER_WORDS } };
  const [word] = takenWords(outcome.text, others, email);
  const isWithWord = statusesWithWord.includes(status) && word !== undefined;
  const changes = { taken: isWithWord ? { words: [...words, word] } : { statuses: [...statuses, status] } };
  session.learn(11, { expected, seen, changes });
}

/** The same e-mail in capitals. @param {Session} session @param {OwnAccounts} own @param {string} email */
export async function seeCase(session, own, email) {
  const { findings } = session;
  const at = email.lastIndexOf("@");
  const name = email.slice(0, at);
  const other = (name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase()) + email.slice(at);
  if (other === email) return findings.unseen(13, "the e-mail has no letters before the @");
  const outcome = await own.create(other, "the e-mail in another letter case");
  if (outcome.reading.name === "email_taken") return findings.seen(13, "the e-mail in another letter case is taken, too");
  if (outcome.reading.name !== "account") return findings.unseen(13, `the e-mail in another letter case: ${outcome.told}`);
  findings.differs(13, {
    expected: "e-mails are compared without regard to case",
    seen: "another account in another letter case",
  });
}

/** @param {Session} session @param {OwnAccounts} own */
const secretsOf = ({ settings, tokens }, { password }) => [
  password,
  settings.apiKey,
  settings.customer,
  ...tokens,
  ...Object.values(settings.login ?? {}),
];
