/** Which calls go wrong, when, and how. What a fault does on the wire is in `delivery.mjs`. */

import {
  anything,
  ControlError,
  choice,
  flag,
  integer,
  milliseconds,
  nullable,
  onlyTrue,
  openRecord,
  record,
  refuse,
  text,
} from "./shape.mjs";

/**
 * @typedef {import("./upstream.mjs").Request} Request
 *
 * @typedef {object} Misbehaviour replaces the genuine answer; exactly one kind is set
 * @property {boolean} after the call takes effect first, and only its answer is lost
 * @property {number} [status]
 * @property {Record<string, string>} [headers]
 * @property {any} [body]
 * @property {string} [contentType]
 * @property {"before" | "after"} [reset]
 * @property {true} [hang]
 * @property {true} [hangBody]
 * @property {{retryAfter?: string | number | null}} [rateLimit]
 * @property {true} [truncated]
 * @property {true} [html]
 * @property {number} [huge] size in bytes
 *
 * @typedef {object} Plan what happens to one call
 * @property {boolean} expireTokens
 * @property {number} delayBeforeMs before the call takes effect
 * @property {number} delayAfterMs after it took effect, before the answer
 * @property {Misbehaviour | null} misbehaviour
 */

/** Actions that take the place of the answer; a rule holds at most one of them. */
const KINDS = ["status", "reset", "hang", "hangBody", "rateLimit", "truncated", "html", "huge"];

/** Names become lower case, so that a rule's `Content-Type` replaces the usual one and doesn't stand beside it. */
const headerMap = (/** @type {any} */ value, /** @type {string} */ path) =>
  Object.fromEntries(
    Object.entries(openRecord(value, path)).map(([name, entry]) => [
      /^[\w!#$%&'*+.^`|~-]+$/.test(name) ? name.toLowerCase() : refuse(`${path}.${name}`, "named as an HTTP header can be"),
      headerValue(entry, `${path}.${name}`),
    ]),
  );

/** Visible ASCII, spaces and tabs: anything else node:http refuses only when the answer is due. */
const headerValue = (/** @type {any} */ value, /** @type {string} */ path) =>
  /^[\t\x20-\x7e]+$/.test(text(value, path)) ? value : refuse(path, "a header value in ASCII");

const regex = (/** @type {any} */ value, /** @type {string} */ path) => {
  try {
    return new RegExp(value instanceof RegExp ? value : text(value, path));
  } catch (error) {
    if (error instanceof SyntaxError) return refuse(path, `a regular expression (${error.message})`);
    throw error;
  }
};

const pathShape = (/** @type {any} */ value, /** @type {string} */ path) => {
  if (typeof value === "object") return record({ regex }, ["regex"])(value, path);
  return text(value, path).startsWith("/") ? value : refuse(path, "a path that begins with / or {regex}");
};

const queryShape = (/** @type {any} */ value, /** @type {string} */ path) =>
  Object.fromEntries(Object.entries(openRecord(value, path)).map(([name, entry]) => [name, text(entry, `${path}.${name}`)]));

const retryAfter = (/** @type {any} */ value, /** @type {string} */ path) =>
  typeof value === "number" ? integer()(value, path) : headerValue(value, path);

const ruleShape = record(
  {
    match: record({ method: text, path: pathShape, query: queryShape, email: text, nth: integer({ min: 1 }) }),
    times: (value, path) => (value === "always" ? Infinity : integer({ min: 1 })(value, path)),
    skip: integer(),
    action: record({
      status: integer({ min: 200, max: 599 }),
      headers: headerMap,
      body: anything,
      contentType: text,
      after: flag,
      reset: choice("before", "after"),
      hang: onlyTrue,
      hangBody: onlyTrue,
      rateLimit: record({ retryAfter: nullable(retryAfter) }),
      truncated: onlyTrue,
      html: onlyTrue,
      huge: integer({ min: 1 }),
      expireTokens: onlyTrue,
      delayMs: milliseconds,
    }),
  },
  ["action"],
);

/** @param {Record<string, any>} action */
function checkCombination(action) {
  const kinds = KINDS.filter((kind) => kind in action);
  if (kinds.length > 1) throw new ControlError(`fault.action can't hold ${kinds.join(" and ")} at once`);
  if (kinds.length === 0 && !("expireTokens" in action) && !("delayMs" in action)) {
    throw new ControlError(`fault.action needs one of ${[...KINDS, "expireTokens", "delayMs"].join(", ")}`);
  }
  for (const detail of ["headers", "body", "contentType"]) {
    if (detail in action && !("status" in action)) throw new ControlError(`fault.action.${detail} needs a status`);
  }
  if ("after" in action && "reset" in action) throw new ControlError('fault.action.reset says itself "before" or "after"');
  if ("after" in action && kinds.length === 0 && !("delayMs" in action)) {
    throw new ControlError("fault.action.after needs an answer or a delay that it can put after the effect");
  }
}

/** The rules in force, with the state each one needs to count. */
export class FaultRules {
  /** @type {{id: number, match: Record<string, any>, skip: number, times: number, action: any, seen: number, fired: number}[]} */
  #rules = [];
  #nextId = 1;

  /**
   * @param {unknown} input
   * @returns {number} the rule's id
   */
  add(input) {
    const { match = {}, times = 1, skip, action } = ruleShape(input, "fault");
    checkCombination(action);
    if (match.nth !== undefined && skip !== undefined)
      throw new ControlError("fault.match.nth and fault.skip exclude each other");
    const id = this.#nextId++;
    this.#rules.push({ id, match, skip: skip ?? (match.nth ?? 1) - 1, times, action, seen: 0, fired: 0 });
    return id;
  }

  clear() {
    this.#rules = [];
  }

  /** The rules with how often each was met (`seen`) and took part (`fired`), so a test can prove that its fault happened. */
  list() {
    return this.#rules.map(({ id, match, skip, times, action, seen, fired }) => ({
      id,
      match: { ...match, ...(match.path?.regex && { path: { regex: match.path.regex.source } }) },
      skip,
      times: times === Infinity ? "always" : times,
      action,
      seen,
      fired,
    }));
  }

  /**
   * Decides about one call and counts it. Delays and token expiry add up; of the rules that replace the answer the oldest
   * wins, and the others keep their turn, so several rules for one path play one after the other.
   * @param {Request} request
   * @returns {Plan}
   */
  planFor(request) {
    /** @type {Plan} */
    const plan = { expireTokens: false, delayBeforeMs: 0, delayAfterMs: 0, misbehaviour: null };
    for (const rule of this.#rules) {
      if (!matches(rule.match, request)) continue;
      rule.seen += 1;
      if (rule.seen <= rule.skip || rule.fired >= rule.times) continue;
      const { expireTokens = false, delayMs = 0, after = false, ...answer } = rule.action;
      const replaces = Object.keys(answer).length > 0;
      if (replaces && plan.misbehaviour) continue;
      rule.fired += 1;
      plan.expireTokens ||= expireTokens;
      plan[after ? "delayAfterMs" : "delayBeforeMs"] += delayMs;
      if (replaces) plan.misbehaviour = { ...answer, after: after || answer.reset === "after" };
    }
    return plan;
  }
}

/**
 * @param {Record<string, any>} match
 * @param {Request} request
 */
function matches({ method, path, query, email }, request) {
  if (method !== undefined && method.toUpperCase() !== request.method) return false;
  if (email !== undefined) {
    // A rule that does not name the path of logins is about creates alone.
    const account = path === undefined && request.account?.call === "login" ? undefined : request.account;
    if (email.toLowerCase() !== account?.email.toLowerCase()) return false;
  }
  if (query !== undefined && Object.entries(query).some(([name, value]) => request.query.get(name) !== value)) return false;
  // Without a path a rule concerns the API alone: "everything upstream fails" must not take the issuer's keys along.
  if (path === undefined) return request.resource !== null;
  const names = request.resource === null ? [request.path] : [request.resource, request.path];
  return names.some((name) => (typeof path === "string" ? name.startsWith(path) : path.regex.test(name)));
}
