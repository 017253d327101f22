// What each call to 3dEye looks like in a dialect. The Worker's own are in src/threedeye/wire/.

/**
 * @typedef {import("./dialect.mjs").Dialect} Dialect
 *
 * @typedef {object} Request
 * @property {string} method
 * @property {string} path below the base URL, with its query
 * @property {Record<string, any> | null} body
 *
 * @typedef {{username: string, password: string}} Login
 * @typedef {{customer: string, page: number, pageSize: number}} Page
 * @typedef {{email: string, password: string, customer: string}} NewAccount
 * @typedef {string | number | bigint} Id kept in its JSON type
 * @typedef {{userId: Id}} Account
 * @typedef {{userId: Id, roleId: Id}} Attachment
 */

const LAST_NAME = "SmartphoneKey";

/** The calls by the names that transcripts have for them. `detachRole` is the one that the Worker never makes. */
export const REQUESTS = {
  /** @param {Dialect} dialect @param {Login} login @returns {Request} */
  token: (dialect, login) => credentials(dialect, login),

  /** @param {Dialect} dialect @param {Login} login @returns {Request} */
  proof: (dialect, login) => credentials(dialect, login),

  /** @param {Dialect} dialect @param {Page} page @returns {Request} */
  list({ paths, query }, { customer, page, pageSize }) {
    const search = new URLSearchParams([
      [query.customer, customer],
      [query.page, String(page)],
      [query.pageSize, String(pageSize)],
    ]);
    return { method: "GET", path: `${paths.users}?${search}`, body: null };
  },

  /** @param {Dialect} dialect @param {NewAccount} account @returns {Request} */
  create({ paths, create }, { email, password, customer }) {
    const body = {
      [create.email]: email,
      [create.password]: password,
      [create.firstName]: email.split("@")[0],
      [create.lastName]: LAST_NAME,
      [create.customer]: customer,
      [create.roleIds]: [],
    };
    return { method: "POST", path: paths.users, body };
  },

  /** @param {Dialect} dialect @param {Account} account @returns {Request} */
  delete: ({ paths }, { userId }) => ({ method: "DELETE", path: filled(paths.user, { userId }, segment), body: null }),

  /** @param {Dialect} dialect @param {Attachment} ids @returns {Request} */
  attachRole: ({ paths, attachRole }, ids) => ({
    method: attachRole.method,
    path: filled(paths.attachRole, ids, segment),
    body: attachRole.body && JSON.parse(JSON.stringify(attachRole.body), (_key, value) => filledText(value, ids)),
  }),

  /** @param {Dialect} dialect @param {Attachment} ids @returns {Request} */
  detachRole: ({ paths }, ids) => ({ method: "DELETE", path: filled(paths.attachRole, ids, segment), body: null }),
};

/** @param {Dialect} dialect @param {Login} login @returns {Request} */
function credentials({ paths, login }, { username, password }) {
  return { method: "POST", path: paths.token, body: { [login.username]: username, [login.password]: password } };
}

/** @param {unknown} value @param {Record<string, Id>} ids */
const filledText = (value, ids) => (typeof value === "string" ? filled(value, ids, String) : value);

/** @param {string} text @param {Record<string, Id>} ids @param {(id: Id) => string} written */
const filled = (text, ids, written) =>
  text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(ids, name) ? written(ids[name]) : whole));

/** An id as a path segment: everything but unreserved characters is escaped. @param {Id} id */
export const segment = (id) =>
  encodeURIComponent(String(id)).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);

/** Whether an id can be a path segment: a URL parser resolves dot segments, escaped or not. @param {Id} id */
export const isUsableId = (id) => !["", ".", ".."].includes(String(id).trim());
