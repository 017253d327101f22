/** The 3dEye API as our client may assume it: routes, checks and answers. Knows nothing of faults and sockets. */

import { idsIn } from "./dialect.mjs";
import { isAcceptablePassword } from "./directory.mjs";

/**
 * @typedef {import("./config.mjs").Config} Config
 * @typedef {import("./directory.mjs").User} User
 *
 * @typedef {object} Vendor what a route may read and change
 * @property {Config} config
 * @property {import("./directory.mjs").Directory} directory
 * @property {import("./access-tokens.mjs").AccessTokens} tokens
 *
 * @typedef {object} Request
 * @property {string} method
 * @property {string} path as received, without the query
 * @property {string | null} resource the path after the API's base, null for calls outside the API
 * @property {URLSearchParams} query
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string} content the body as it came
 * @property {any} body the parsed JSON, undefined when there is none or it can't be read
 * @property {{call: "create" | "login", email: string}} [account] that a create or a token call is about
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {any} [body] a string is sent as it is, anything else as JSON
 * @property {string} [contentType]
 * @property {Record<string, string>} [headers]
 *
 * @typedef {(vendor: Vendor, request: Request, ids: Record<string, string>) => Answer} Handler
 * @typedef {{method: string, path: string, handler: Handler, isOpen?: boolean}} Route
 */

/** Where the API lives on this server. */
export const API_BASE = "/v3";

const DEFAULT_PAGE_SIZE = 100;

/** @param {Config} config @returns {Route[]} */
const routesOf = ({ dialect: { paths, attachRole: attachment } }) => [
  { method: "POST", path: paths.token, handler: issueToken, isOpen: true },
  { method: "GET", path: paths.users, handler: listUsers },
  { method: "POST", path: paths.users, handler: createUser },
  { method: "DELETE", path: paths.user, handler: deleteUser },
  { method: attachment.method, path: paths.attachRole, handler: attachRole },
];

/** The ids in a path, still escaped; undefined if the route has another. @param {Route} route @param {string} resource */
const match = ({ path }, resource) => idsIn(path.split("/"), resource.split("/"));

/**
 * Whether the vendor would let this call in.
 * @param {Vendor} vendor
 * @param {Request} request
 */
export function isAuthenticated({ config, tokens }, { headers, resource }) {
  if (headers["x-api-key"] !== config.apiKey) return false;
  if (resource !== null && routesOf(config).some((route) => route.isOpen && match(route, resource))) return true;
  // A token is judged whenever one is sent: a client that keeps sending an expired one must notice.
  if (headers.authorization === undefined) return !config.requireBearer;
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization)?.[1];
  const subject = token && tokens.subjectOf(token);
  if (!subject) return false;
  return !config.requireBearer || subject === config.login.username.toLowerCase();
}

/**
 * Answers one call to the API; any effect has taken place when it returns.
 * @param {Vendor} vendor
 * @param {Request} request
 * @returns {Answer}
 */
export function answerUpstream(vendor, request) {
  if (!isAuthenticated(vendor, request)) return problem(401, "Unauthorized");
  const resource = request.resource ?? "";
  const routes = routesOf(vendor.config).filter((route) => match(route, resource));
  if (routes.length === 0) return problem(404, "No such resource");
  const route = routes.find(({ method }) => method === request.method);
  if (!route) {
    return { ...problem(405, "Method not allowed"), headers: { allow: routes.map(({ method }) => method).join(", ") } };
  }
  const ids = decodeAll(match(route, resource) ?? {});
  return ids ? route.handler(vendor, request, ids) : problem(400, "Malformed path");
}

/**
 * The account that a create or a token call is about.
 * @param {Config} config
 * @param {Request} request
 * @returns {Request["account"]}
 */
export function accountOf({ dialect: { paths, create, login } }, { method, resource, body }) {
  if (method !== "POST") return undefined;
  if (resource === paths.users && typeof body?.[create.email] === "string") {
    return { call: "create", email: body[create.email] };
  }
  if (resource === paths.token && typeof body?.[login.username] === "string") {
    return { call: "login", email: body[login.username] };
  }
  return undefined;
}

/** @type {Handler} */
function issueToken({ config, directory, tokens }, { body }) {
  const names = config.dialect.login;
  const { [names.username]: username, [names.password]: password } = body ?? {};
  if (!isText(username) || !isText(password)) return problem(400, `${names.username} and ${names.password} are required`);
  const isLogin = username.toLowerCase() === config.login.username.toLowerCase() && password === config.login.password;
  if (!isLogin && directory.findByEmail(username)?.password !== password) {
    return problem(config.wrongPasswordStatus, "Wrong user name or password");
  }
  const { accessToken, expiresIn } = config.dialect.answers;
  const issued = { [accessToken]: tokens.issue(username, config.tokenTtlSeconds) };
  return { status: 200, body: config.includeExpiresIn ? { ...issued, [expiresIn]: config.tokenTtlSeconds } : issued };
}

/** @type {Handler} */
function listUsers(vendor, { query }) {
  const { config, directory } = vendor;
  const { query: names, answers, firstPage, maxPageSize } = config.dialect;
  const customerId = query.get(names.customer);
  const page = integerFrom(firstPage, query.get(names.page) ?? String(firstPage));
  const asked = integerFrom(1, query.get(names.pageSize) ?? String(Math.min(DEFAULT_PAGE_SIZE, maxPageSize)));
  if (!customerId) return problem(400, `${names.customer} is required`);
  if (page === undefined || asked === undefined) {
    return problem(400, `${names.page} must be an integer from ${firstPage}, ${names.pageSize} one from 1`);
  }
  if (asked > maxPageSize) return problem(400, `${names.pageSize} must be at most ${maxPageSize}`);
  const pageSize = Math.min(asked, config.maxPageSize ?? asked);
  const users = directory.visibleUsersOf(customerId);
  const start = (page - firstPage) * pageSize;
  const items = { [answers.items]: users.slice(start, start + pageSize).map((user) => present(vendor, user)) };
  return { status: 200, body: config.includeTotal ? { ...items, [answers.total]: users.length } : items };
}

/** @type {Handler} */
function createUser(vendor, { body }) {
  const { config, directory } = vendor;
  const { create: names, answers } = config.dialect;
  const sent = Object.fromEntries(Object.entries(names).map(([field, name]) => [field, body?.[name]]));
  const { email, password, firstName = "", lastName = "", customer, roleIds = [] } = sent;
  for (const name of [names.email, names.password, names.customer]) {
    if (!isText(body?.[name])) return problem(400, `${name} is required`);
  }
  if (typeof firstName !== "string" || typeof lastName !== "string") return problem(400, "names must be strings");
  if (!isAcceptablePassword(password)) return problem(400, "The password does not meet the requirements");
  if (!Array.isArray(roleIds) || !roleIds.every((id) => directory.role(id))) return problem(400, "Unknown role");
  if (directory.isTaken(email)) return { ...taken(config.dialect), ...config.duplicate };
  const roles = roleIds.map((id) => ({ id }));
  const user = directory.add(
    { email, password, firstName, lastName, customerId: customer, roles },
    { idStyle: config.idStyle, visibleInMs: config.visibilityDelayMs.create },
  );
  const shown = present(vendor, user, { withId: !config.createWithoutId });
  return { status: config.createStatus, body: config.createEnvelope === "data" ? { [answers.items]: shown } : shown };
}

/** @type {Handler} */
function deleteUser({ config, directory }, _request, { userId }) {
  const user = directory.findInCustomer(userId, config.ownCustomerId);
  if (!user) return problem(config.dialect.delete.goneStatuses[0] ?? 404, "User not found");
  directory.remove(user, config.visibilityDelayMs.delete);
  return success(config.deleteStatus);
}

/** @type {Handler} */
function attachRole({ config, directory }, { content, body }, inPath) {
  const { body: template, attachedStatuses } = config.dialect.attachRole;
  const inBody = template ? idsIn(template, body) : content === "" ? {} : undefined;
  if (!inBody) return problem(400, "Malformed body");
  const { roleId, userId } = { ...inBody, ...inPath };
  const role = directory.role(roleId);
  const user = directory.findInCustomer(userId, config.ownCustomerId);
  if (!role) return problem(404, "Role not found");
  const outcome = user ? directory.attachRole(role, user, config.roleAttachNotFoundTimes) : "unknown";
  if (outcome === "attached") return success(config.attachStatus);
  if (outcome === "already") {
    return attachedStatuses.length > 0 ? problem(attachedStatuses[0], "The user holds this role") : success(config.attachStatus);
  }
  return problem(404, "User not found");
}

/**
 * The answer to a taken e-mail.
 * @param {import("./dialect.mjs").Dialect} dialect
 * @returns {Answer}
 */
function taken({ taken: { statuses, statusesWithWord, words } }) {
  // The words alone decide only where no status does.
  return problem(statuses[0] ?? statusesWithWord[0] ?? 409, `A user with this e-mail: ${words[0] ?? "conflict"}`);
}

/**
 * A user as the vendor shows it; never the password.
 * @param {Vendor} vendor
 * @param {User} user
 */
function present({ config, directory }, user, { withId = true } = {}) {
  const { id, email, firstName, lastName, customerId, roleIds } = user;
  const names = config.dialect.answers;
  const held = roleIds.map((roleId) => ({ [names.roleId]: roleId, name: directory.role(roleId)?.name ?? `Role ${roleId}` }));
  const roles = config.rolesAs === "roles" ? { [names.roles]: held } : { [names.roleIds]: roleIds };
  const shown = { ...(withId && { [names.id]: id }), [names.email]: email, firstName, lastName, customerId, ...roles };
  return config.fieldStyle === "pascal" ? withPascalNames(shown) : shown;
}

/**
 * @param {any} value
 * @returns {any}
 */
function withPascalNames(value) {
  if (Array.isArray(value)) return value.map(withPascalNames);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name[0].toUpperCase() + name.slice(1), withPascalNames(entry)]),
  );
}

/**
 * @param {number} status
 * @param {string} message
 * @returns {Answer}
 */
const problem = (status, message) => ({ status, body: { message } });

/**
 * @param {number} status
 * @returns {Answer}
 */
const success = (status) => (status === 204 ? { status } : { status, body: {} });

/** @param {unknown} value */
const isText = (value) => typeof value === "string" && value.trim() !== "";

/** @param {number} least @param {string} digits */
const integerFrom = (least, digits) =>
  /^(0|[1-9][0-9]{0,8})$/.test(digits) && Number(digits) >= least ? Number(digits) : undefined;

/** @param {Record<string, string>} ids */
function decodeAll(ids) {
  try {
    return Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, decodeURIComponent(id)]));
  } catch {
    return undefined;
  }
}
