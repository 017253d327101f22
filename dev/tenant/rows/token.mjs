// Rows 3 and 4: our login's token, and what data calls make of a bearer token.

import { randomBytes } from "node:crypto";

import { fieldOf, isObject, isPlainName } from "../json.mjs";
import { newPassword } from "../password.mjs";
import { isSuccess, read } from "../reading.mjs";
import { saying } from "../saying.mjs";
import { Stop } from "../session.mjs";

/** @typedef {import("../session.mjs").Session} Session @typedef {import("../session.mjs").Outcome} Outcome */

const EXPECTED = "2xx with {accessToken, expiresIn?}";

/** @param {Session} session */
export async function seeToken(session) {
  const outcome = await session.signIn("our login");
  if (!outcome) {
    if (session.settings.write === undefined) session.findings.unseen(3, "needs a login, or --write");
    session.findings.unseen(4, "no login is set (THREEDEYE_USERNAME, THREEDEYE_PASSWORD)");
    return;
  }
  const { status, reading } = outcome;
  if (status === null || reading.name === "error:unavailable") throw new Stop(`the token could not be fetched (${outcome.told})`);
  if (reading.name === "error:unauthorized") {
    const isLogin = await isOurKeyKnown(session, session.settings.login, outcome);
    const refused = isLogin ? "our login" : "our key or our login";
    session.findings.unseen(3, `${refused} was refused (${status})`);
    const advice = ": 3dEye does not tell which, so look at THREEDEYE_API_KEY first";
    throw new Stop(`3dEye refused ${refused} (${status})${isLogin ? "" : advice}`);
  }
  session.token = judgeToken(session, outcome);
  if (session.token === undefined) throw new Stop("the token could not be read", 1);
}

/**
 * Whether a refused token call is the login's fault and not the key's, as far as calls tell that do no harm: the list with our
 * key alone, and a token for a login that is made up, with a key that is. Our own login is not tried again.
 * @param {Session} session @param {import("../requests.mjs").Login | null} login @param {Outcome} refused
 */
async function isOurKeyKnown(session, login, refused) {
  const list = await session.list({ note: "our key without a token", bearer: null, once: true }, { pageSize: 1 });
  if (isSuccess({ status: list.status ?? 0 }) && list.json !== undefined) return true;
  const name = `none-${randomBytes(12).toString("hex")}`;
  const madeUp = { username: `${name}@example.com`, password: newPassword() };
  const manner = { note: "a made-up key and login", key: `not-a-key-${name}`, once: true };
  const other = await session.call("token", madeUp, manner);
  if (other.status === null || other.status === 429 || other.status >= 500) return false;
  const values = [...Object.values(login ?? {}), ...Object.values(madeUp), manner.key, session.settings.apiKey];
  return other.status !== refused.status || saying(other.text, values) !== saying(refused.text, values);
}

/**
 * What an answer that should hold a token tells about row 3.
 * @param {Session} session @param {Outcome} outcome @returns {string | undefined} the token
 */
export function judgeToken(session, outcome) {
  const { findings } = session;
  const { status, text, json } = outcome;
  const { answers } = session.dialect;
  if (status === null || !isSuccess({ status })) {
    findings.differs(3, { expected: EXPECTED, seen: outcome.told, change: "THREEDEYE_DIALECT paths.token, login" });
    return undefined;
  }
  const inner = isObject(json) ? fieldOf(json, answers.items) : undefined;
  const object = isObject(inner) ? inner : isObject(json) ? json : {};
  if (read("token", { status, text }, session.dialect).token === undefined) {
    const name = Object.keys(object).find((key) => isPlainName(key) && looksLikeToken(key, object[key]));
    if (name === undefined) {
      findings.differs(3, { expected: EXPECTED, seen: `${status} without a token that can be read` });
      return undefined;
    }
    differsByName(session, "accessToken", name);
  }
  const reading = read("token", { status, text }, session.dialect);
  if (reading.token === undefined) return undefined;
  session.tokens.add(reading.token);
  findings.seen(3, `${status} with a token`);
  seeLifetime(session, reading.expires, object);
  return reading.token;
}

/** @param {Session} session @param {number | undefined} expires @param {any} object */
function seeLifetime(session, expires, object) {
  const { findings, dialect } = session;
  if (expires !== undefined) return findings.seen(3, `it lives for ${expires} s`);
  if ((fieldOf(object, dialect.answers.expiresIn) ?? undefined) !== undefined) {
    return findings.seen(3, "its lifetime is not a credible number of seconds: 600 s are assumed");
  }
  const isLifetime = (/** @type {string} */ key) =>
    isPlainName(key) && /expires?_?in|ttl|lifetime/i.test(key) && Number(object[key]) >= 1 && Number(object[key]) <= 86_400;
  const name = Object.keys(object).find(isLifetime);
  if (name === undefined) return findings.seen(3, "it does not tell its lifetime: 600 s are assumed");
  differsByName(session, "expiresIn", name);
}

/** @param {Session} session @param {"accessToken" | "expiresIn"} field @param {string} name */
function differsByName(session, field, name) {
  const changes = { answers: { [field]: name } };
  session.learn(3, { expected: `the field ${session.dialect.answers[field]}`, seen: `the field ${name}`, changes });
}

/** @param {string} key @param {unknown} value */
const looksLikeToken = (key, value) =>
  /token|jwt/i.test(key) && !/refresh|type|id_?token/i.test(key) && typeof value === "string" && /^[\x21-\x7e]{8,}$/.test(value);

/** The same call with our token, with none and with one that was never issued. @param {Session} session */
export async function seeBearer(session) {
  if (session.token === undefined) return;
  const { findings } = session;
  const one = { pageSize: 1 };
  findings.seen(4, "the list can be read with it");
  const without = await session.list({ note: "without a bearer token", bearer: null, once: true }, one);
  if (without.status === null) findings.unseen(4, `what a call without it answers: ${without.told}`);
  else findings.seen(4, isSuccess({ status: without.status }) ? "it is not needed" : `it is needed (else ${without.status})`);
  const bearer = randomBytes(24).toString("base64url");
  session.tokens.add(bearer);
  const refused = await session.list({ note: "with a bearer token that was never issued", bearer, once: true }, one);
  if (refused.status === null) return findings.unseen(4, `what a wrong one answers: ${refused.told}`);
  if (refused.status === 401) return findings.seen(4, "a wrong one answers 401");
  if (isSuccess({ status: refused.status })) return findings.seen(4, "a wrong one is not noticed");
  findings.differs(4, { expected: "401 for a token that has ended", seen: `${refused.status} for one that was never issued` });
}
