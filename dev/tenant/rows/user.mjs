// Row 7, and what the list alone tells of row 12: the fields of a user.

import { mustTellRoles } from "../dialect.mjs";
import { fieldOf, isObject, isPlainName, spellings } from "../json.mjs";
import { idOf } from "../reading.mjs";
import { isUsableId } from "../requests.mjs";

/** @typedef {import("../session.mjs").Session} Session */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * What a page's users tell; names that differ are learned.
 * @param {Session} session @param {any[]} items at least one
 */
export function seeUsers(session, items) {
  const { findings } = session;
  if (!items.every(isObject)) return findings.differs(7, { expected: "users are objects", seen: "something else in the list" });
  seeId(session, items);
  seeEmail(session, items);
  seeRoles(session, items);
  const names = new Set(items.flatMap((item) => Object.keys(item)));
  const { answers } = session.dialect;
  const written = [answers.id, answers.email].filter((name) => !names.has(name));
  if (written.length > 0 && written.every((name) => spellings(name).some((one) => names.has(one)))) {
    findings.seen(7, "names are in PascalCase");
  }
  seeCustomer(session, items);
}

/** @param {Session} session @param {any[]} items */
function seeId(session, items) {
  const { findings } = session;
  const expected = `every user has ${session.dialect.answers.id}, a text or a whole number`;
  const idsUnder = (/** @type {string} */ name) => items.map((item) => idOf(fieldOf(item, name)));
  const areIds = (/** @type {any[]} */ ids) => ids.every((id) => id !== undefined && isUsableId(id));
  let ids = idsUnder(session.dialect.answers.id);
  if (!areIds(ids)) {
    const isId = (/** @type {string} */ name) => areIds(idsUnder(name)) && new Set(idsUnder(name)).size === items.length;
    const isNamed = (/** @type {string} */ name) =>
      /^(user|account|person)_?(id|guid|uuid)$/i.test(name) || /^(guid|uuid|key|_id)$/i.test(name);
    const name = namesOf(items).find((one) => isNamed(one) && isId(one));
    if (ids.some((id) => id !== undefined) || name === undefined) {
      return findings.differs(7, { expected, seen: "users without one" });
    }
    learnName(session, "id", name);
    ids = idsUnder(name);
  }
  findings.seen(7, `ids are ${[...new Set(ids.map(formOfId))].join(" and ")}`);
}

/** @param {import("../requests.mjs").Id | undefined} id */
function formOfId(id) {
  if (typeof id !== "string") return "whole numbers";
  return UUID.test(id) ? "UUIDs" : "texts";
}

/** @param {Session} session @param {any[]} items */
function seeEmail(session, items) {
  const { findings } = session;
  const expected = `every user has ${session.dialect.answers.email}, a text or null`;
  const under = (/** @type {string} */ name) => items.map((item) => fieldOf(item, name));
  const isEmail = (/** @type {unknown} */ value) => value === null || typeof value === "string";
  let emails = under(session.dialect.answers.email);
  if (!emails.every(isEmail)) {
    const holdsEmails = (/** @type {string} */ name) =>
      under(name).every(isEmail) && under(name).some((value) => /\S@\S/.test(value ?? ""));
    const found = namesOf(items).filter(holdsEmails);
    const name = found.find((one) => /mail/i.test(one)) ?? found[0];
    if (emails.some((email) => email !== undefined) || name === undefined) {
      return findings.differs(7, { expected, seen: "users without one" });
    }
    learnName(session, "email", name);
    emails = under(name);
  }
  const known = emails.filter((email) => typeof email === "string");
  const capitals = known.filter((email) => email !== email.toLowerCase()).length;
  const blanks = known.filter((email) => email !== email.trim()).length;
  const empty = items.length - known.filter((email) => email.trim() !== "").length;
  findings.seen(
    7,
    `e-mails: of ${items.length} ${capitals} have capitals, ${blanks} white space around them, ${empty} are empty`,
  );
}

/** @param {Session} session @param {any[]} items */
function seeRoles(session, items) {
  const { findings, dialect } = session;
  const { roles, roleIds } = dialect.answers;
  const listsOf = (/** @type {any} */ item) =>
    [session.dialect.answers.roles, session.dialect.answers.roleIds].map((name) => fieldOf(item, name));
  const lists = () => items.flatMap(listsOf);
  const lacksBoth = (/** @type {any} */ item) => listsOf(item).every((list) => list === undefined);
  const expected = `users have ${roles} or ${roleIds}`;
  if (items.every(lacksBoth)) {
    const isList = (/** @type {unknown} */ value) => value === null || Array.isArray(value);
    const found = namesOf(items).filter(
      (one) => /role|group|permission/i.test(one) && items.some((item) => Array.isArray(item[one])),
    );
    // A name that is set is one that every user must have.
    const name = found.find((one) => items.every((item) => isList(item[one])));
    if (name === undefined) {
      const obstacle = "THREEDEYE_DIALECT answers.roles wants a list for every user, null or empty where there are no roles";
      if (found.length > 0) {
        return findings.cannotBeSet(7, { expected, seen: `only some users have the field ${found[0]}`, obstacle });
      }
      return findings.differs(7, { expected, seen: "users without either" });
    }
    learnName(session, items.flatMap((item) => item[name] ?? []).some(isObject) ? "roles" : "roleIds", name);
  }
  if (mustTellRoles(session.dialect.answers) && items.some(lacksBoth)) {
    return findings.differs(7, { expected: `every user has ${roles} or ${roleIds}, as set`, seen: "users without either" });
  }
  const given = lists().filter((list) => list !== undefined && list !== null);
  if (!given.every(Array.isArray)) {
    return findings.differs(7, { expected: `${roles} and ${roleIds} are lists`, seen: "something else" });
  }
  const held = given.flat();
  if (held.length === 0) return findings.seen(7, "lists of roles are there, and empty");
  const withoutId = held.filter((role) => isObject(role) && idOf(fieldOf(role, session.dialect.answers.roleId)) === undefined);
  if (withoutId.length > 0) {
    const name = namesOf(withoutId).find(
      (one) => /(id|guid|uuid)$/i.test(one) && withoutId.every((role) => idOf(role[one]) !== undefined),
    );
    if (name === undefined) return findings.differs(7, { expected: "every role has an id", seen: "roles without one" });
    learnName(session, "roleId", name);
  }
  findings.seen(7, held.some(isObject) ? "roles are objects with an id" : "roles are bare ids");
}

/** @param {Session} session @param {any[]} items */
function seeCustomer(session, items) {
  const { create, query } = session.dialect;
  const told = items
    .map((item) => fieldOf(item, create.customer) ?? fieldOf(item, query.customer))
    .filter((id) => idOf(id) !== undefined);
  if (told.length === 0) return;
  const isOurs = (/** @type {any} */ id) => String(id).toLowerCase() === session.settings.customer.toLowerCase();
  if (told.every(isOurs)) session.findings.seen(12, "every user in the list is of our customer");
  else session.findings.differs(12, { expected: "only users of our customer in the list", seen: "users of others" });
}

/** @param {Session} session @param {"id" | "email" | "roles" | "roleIds" | "roleId"} field @param {string} name */
function learnName(session, field, name) {
  const changes = { answers: { [field]: name } };
  const of = field === "roleId" ? "of a role" : "of a user";
  const expected = `the field ${session.dialect.answers[field]} ${of}`;
  session.learn(7, { expected, seen: `the field ${name}`, changes });
}

/** The names that can be set, of all fields. @param {any[]} items @returns {string[]} */
const namesOf = (items) => [...new Set(items.flatMap((item) => Object.keys(item)))].filter(isPlainName);
