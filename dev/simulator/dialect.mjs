/**
 * How the simulated vendor speaks: the Worker's setting THREEDEYE_DIALECT, from the other side. What it means is in
 * docs/3DEYE.md; the Worker checks it strictly, here only its form is checked: there may be tenants whose statuses cannot be set.
 */

import { choice, integer, list, nullable, openRecord, record, refuse, text } from "./shape.mjs";

/** @typedef {ReturnType<typeof defaultDialect>} Dialect */

export const defaultDialect = () => ({
  paths: { token: "/auth/token", users: "/users", user: "/users/{userId}", attachRole: "/roles/{roleId}/users/{userId}" },
  query: { customer: "customerId", page: "page", pageSize: "pageSize" },
  firstPage: 1,
  maxPageSize: 5000,
  answers: {
    items: "data",
    total: "total",
    id: "id",
    email: "email",
    roles: "roles",
    roleIds: "roleIds",
    roleId: "id",
    accessToken: "accessToken",
    expiresIn: "expiresIn",
  },
  create: {
    email: "email",
    password: "password",
    firstName: "firstName",
    lastName: "lastName",
    customer: "customerId",
    roleIds: "roleIds",
  },
  login: { username: "username", password: "password" },
  taken: { statuses: [409], statusesWithWord: [400, 422], words: ["exists", "taken", "duplicate", "already"] },
  attachRole: { method: "POST", body: /** @type {Record<string, any> | null} */ (null), attachedStatuses: [409] },
  delete: { goneStatuses: [404] },
});

const statuses = list(integer({ min: 400, max: 599 }));
const path = (/** @type {any} */ value, /** @type {string} */ at) =>
  text(value, at).startsWith("/") ? value : refuse(at, "a path that begins with /");

/** An object with some of these names. @param {Record<string, any>} names @param {import("./shape.mjs").Check} check */
const some = (names, check) => record(Object.fromEntries(Object.keys(names).map((name) => [name, check])));

const { paths, query, answers, create, login } = defaultDialect();

const changes = record({
  paths: some(paths, path),
  query: some(query, text),
  firstPage: choice(0, 1),
  maxPageSize: integer({ min: 1, max: 5000 }),
  answers: some(answers, text),
  create: some(create, text),
  login: some(login, text),
  taken: record({ statuses, statusesWithWord: statuses, words: list(text) }),
  attachRole: record({ method: choice("POST", "PUT", "PATCH"), body: nullable(openRecord), attachedStatuses: statuses }),
  delete: record({ goneStatuses: statuses }),
});

/**
 * A whole dialect from what differs from the default; null is the default itself.
 * @param {any} value @param {string} at
 * @returns {Dialect}
 */
export function dialectShape(value, at) {
  const given = value === null ? {} : changes(value, at);
  /** @type {Record<string, any>} */
  const dialect = defaultDialect();
  for (const [name, change] of Object.entries(given)) {
    dialect[name] = typeof change === "object" ? { ...dialect[name], ...change } : change;
  }
  return /** @type {Dialect} */ (dialect);
}

/**
 * The ids that a path or a body holds in the places of a template, undefined if it is not of this form.
 * @param {any} template @param {any} value
 * @returns {Record<string, string> | undefined}
 */
export function idsIn(template, value) {
  if (typeof template === "string") return typeof value === "string" ? idsInText(template, value) : undefined;
  if (typeof template !== "object" || template === null) return template === value ? {} : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(template) !== Array.isArray(value)) return undefined;
  const names = Object.keys(template);
  if (names.length !== Object.keys(value).length) return undefined;
  /** @type {Record<string, string>} */
  const found = {};
  for (const name of names) {
    const ids = Object.hasOwn(value, name) ? idsIn(template[name], value[name]) : undefined;
    if (!ids) return undefined;
    Object.assign(found, ids);
  }
  return found;
}

/** @param {string} template @param {string} text */
function idsInText(template, text) {
  if (!template.includes("{")) return template === text ? {} : undefined;
  const seen = new Set();
  const pattern = template.split(/\{(userId|roleId)\}/).map((part, index) => {
    if (index % 2 === 0) return part.replace(/[^\w ]/g, "\\$&");
    const isAgain = seen.has(part);
    seen.add(part);
    return isAgain ? `\\k<${part}>` : `(?<${part}>.+)`;
  });
  const match = new RegExp(`^${pattern.join("")}$`, "s").exec(text);
  return match ? { ...match.groups } : undefined;
}
