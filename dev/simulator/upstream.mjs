/** The 3dEye API as our client may assume it: routes, checks and answers. Knows nothing of faults and sockets. */

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
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {any} [body] a string is sent as it is, anything else as JSON
 * @property {string} [contentType]
 * @property {Record<string, string>} [headers]
 *
 * @typedef {(vendor: Vendor, request: Request, ids: string[]) => Answer} Handler
 */

/** Where the API lives on this server. */
export const API_BASE = "/v3";

const DEFAULT_PAGE_SIZE = 100;

/** @type {{pattern: RegExp, methods: Record<string, Handler>, open?: boolean}[]} */
const ROUTES = [
  { pattern: /^\/auth\/token$/, methods: { POST: issueToken }, open: true },
  { pattern: /^\/users$/, methods: { GET: listUsers, POST: createUser } },
  { pattern: /^\/users\/([^/]+)$/, methods: { DELETE: deleteUser } },
  { pattern: /^\/roles\/([^/]+)\/users\/([^/]+)$/, methods: { POST: attachRole } },
];

/**
 * Whether the vendor would let this call in.
 * @param {Vendor} vendor
 * @param {Request} request
 */
export function isAuthenticated({ config, tokens }, { headers, resource }) {
  if (headers["x-api-key"] !== config.apiKey) return false;
  if (resource !== null && ROUTES.some(({ open, pattern }) => open && pattern.test(resource))) return true;
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
  for (const { pattern, methods } of ROUTES) {
    const match = pattern.exec(resource);
    if (!match) continue;
    const handler = methods[request.method];
    if (!handler) return { ...problem(405, "Method not allowed"), headers: { allow: Object.keys(methods).join(", ") } };
    const ids = decodeAll(match.slice(1));
    return ids ? handler(vendor, request, ids) : problem(400, "Malformed path");
  }
  return problem(404, "No such resource");
}

/** @type {Handler} */
function issueToken({ config, directory, tokens }, { body }) {
  const { username, password } = body ?? {};
  if (!isText(username) || !isText(password)) return problem(400, "username and password are required");
  const isLogin = username.toLowerCase() === config.login.username.toLowerCase() && password === config.login.password;
  if (!isLogin && directory.findByEmail(username)?.password !== password) {
    return problem(config.wrongPasswordStatus, "Wrong user name or password");
  }
  const accessToken = tokens.issue(username, config.tokenTtlSeconds);
  return { status: 200, body: config.includeExpiresIn ? { accessToken, expiresIn: config.tokenTtlSeconds } : { accessToken } };
}

/** @type {Handler} */
function listUsers(vendor, { query }) {
  const { config, directory } = vendor;
  const customerId = query.get("customerId");
  const page = positiveInteger(query.get("page") ?? "1");
  const asked = positiveInteger(query.get("pageSize") ?? String(DEFAULT_PAGE_SIZE));
  if (!customerId) return problem(400, "customerId is required");
  if (!page || !asked) return problem(400, "page and pageSize must be positive integers");
  const pageSize = Math.min(asked, config.maxPageSize ?? asked);
  const users = directory.visibleUsersOf(customerId);
  const data = users.slice((page - 1) * pageSize, page * pageSize).map((user) => present(vendor, user));
  return { status: 200, body: config.includeTotal ? { data, total: users.length } : { data } };
}

/** @type {Handler} */
function createUser(vendor, { body }) {
  const { config, directory } = vendor;
  const { email, password, firstName = "", lastName = "", customerId, roleIds = [] } = body ?? {};
  for (const [name, value] of Object.entries({ email, password, customerId })) {
    if (!isText(value)) return problem(400, `${name} is required`);
  }
  if (typeof firstName !== "string" || typeof lastName !== "string") return problem(400, "names must be strings");
  if (!isAcceptablePassword(password)) return problem(400, "The password does not meet the requirements");
  if (!Array.isArray(roleIds) || !roleIds.every((id) => directory.role(id))) return problem(400, "Unknown role");
  if (directory.isTaken(email)) return { ...config.duplicate };
  const roles = roleIds.map((id) => ({ id }));
  const user = directory.add(
    { email, password, firstName, lastName, customerId, roles },
    { idStyle: config.idStyle, visibleInMs: config.visibilityDelayMs.create },
  );
  const shown = present(vendor, user, { withId: !config.createWithoutId });
  return { status: config.createStatus, body: config.createEnvelope === "data" ? { data: shown } : shown };
}

/** @type {Handler} */
function deleteUser({ config, directory }, _request, [userId]) {
  const user = directory.findInCustomer(userId, config.ownCustomerId);
  if (!user) return problem(404, "User not found");
  directory.remove(user, config.visibilityDelayMs.delete);
  return success(config.deleteStatus);
}

/** @type {Handler} */
function attachRole({ config, directory }, _request, [roleId, userId]) {
  const role = directory.role(roleId);
  const user = directory.findInCustomer(userId, config.ownCustomerId);
  if (!role) return problem(404, "Role not found");
  const outcome = user ? directory.attachRole(role, user, config.roleAttachNotFoundTimes) : "unknown";
  if (outcome === "attached") return success(config.attachStatus);
  if (outcome === "already") return problem(409, "The user holds this role");
  return problem(404, "User not found");
}

/**
 * A user as the vendor shows it; never the password.
 * @param {Vendor} vendor
 * @param {User} user
 */
function present({ config, directory }, user, { withId = true } = {}) {
  const { id, email, firstName, lastName, customerId, roleIds } = user;
  const held = roleIds.map((roleId) => directory.role(roleId) ?? { id: roleId, name: `Role ${roleId}` });
  const roles = config.rolesAs === "roles" ? { roles: held } : { roleIds };
  const shown = { ...(withId && { id }), email, firstName, lastName, customerId, ...roles };
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

/** @param {string} digits */
const positiveInteger = (digits) => (/^[1-9][0-9]{0,8}$/.test(digits) ? Number(digits) : undefined);

/** @param {string[]} segments */
function decodeAll(segments) {
  try {
    return segments.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
