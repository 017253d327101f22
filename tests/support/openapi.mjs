/** The description in openapi.json: the table of routes for tests, and the check of real answers. */

import { readFileSync } from "node:fs";

import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/**
 * @typedef {"public" | "admin" | "console" | "user" | "instance" | "person"} Access what is asked for: nothing, the admin pair
 *   or a session of the console, such a session, a user's own token or key, a key of an instance, any credentials of the
 *   account API
 *
 * @typedef {object} Route
 * @property {string} method
 * @property {string} path with its parameters in braces
 * @property {string} operation
 * @property {Access} access
 * @property {Record<string, any>} responses by status, resolved
 * @property {RegExp} pattern of the paths it serves
 */

export const document = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8"));

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, "openapi.json");

/** Whether a path, of a route or as it was sent, is one of the account API, which has an envelope of its own. @param {string} path */
export const isOfAccounts = (path) => path.startsWith("/api/");

/** @type {Route[]} */
export const routes = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => method !== "parameters")
    .map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: operation.operationId,
      access: isOfAccounts(path) ? "person" : accessOf(operation.security),
      responses: Object.fromEntries(
        Object.entries(operation.responses).map(([status, response]) => [status, locate(response, path, method, status)]),
      ),
      pattern: patternOf(path),
    })),
);

/** As the Worker's router reads it: a parameter may be empty, but not at the end. @param {string} path */
function patternOf(path) {
  const parts = path
    .replaceAll(/[./]/g, "\\$&")
    .replaceAll(/\{\w+\}(?=.)/g, "[^/]*")
    .replaceAll(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^${parts}${isOfAccounts(path) ? "/?" : ""}$`);
}

/** The answers that belong to no route: of paths and methods that none serves. */
const STRAY = /** @type {Record<number, any>} */ ({
  404: locateShared("UserNotFound"),
  405: locateShared("MethodNotAllowed"),
  501: locateShared("NotImplemented"),
});

/** The same under `/v1` and `/v1.1`, where a known path looks at keys before it looks at the method. */
const STRAY_OF_INSTANCES = /** @type {Record<number, any>} */ ({ 404: locateShared("InstanceOrUserNotFound") });

/** The same in the envelope of the account API. */
const STRAY_OF_ACCOUNTS = /** @type {Record<number, any>} */ ({
  404: locateShared("AccountNotFound"),
  405: locateShared("AccountMethodNotAllowed"),
});

/** What any path of theirs answers to OPTIONS. */
const PREFLIGHT = { headers: {} };

/** @param {any[]} security @returns {Access} */
function accessOf(security) {
  if (security.length === 0) return "public";
  if (security.some((schemes) => Object.keys(schemes).some((name) => name.startsWith("instance")))) return "instance";
  const needs = (/** @type {string[]} */ ...names) =>
    security.every((schemes) => names.some((name) => Object.hasOwn(schemes, name)));
  if (needs("consoleSession")) return "console";
  return needs("adminKey", "consoleSession") ? "admin" : "user";
}

/** A response with the place of its schema. @param {any} response @param {string} path @param {string} method @param {string} status */
function locate(response, path, method, status) {
  if (response.$ref) return locateShared(response.$ref.split("/").at(-1));
  return withSchema(response, `paths/${path.replaceAll("~", "~0").replaceAll("/", "~1")}/${method}/responses/${status}`);
}

/** @param {string} name */
function locateShared(name) {
  return withSchema(document.components.responses[name], `components/responses/${name}`);
}

/** @param {any} response @param {string} place */
function withSchema(response, place) {
  const headers = Object.entries(response.headers ?? {}).map(([name, header]) => [
    name.toLowerCase(),
    header.$ref ? document.components.headers[header.$ref.split("/").at(-1)] : header,
  ]);
  const types = Object.keys(response.content ?? {});
  const schema = types.includes("application/json") ? `openapi.json#/${place}/content/application~1json/schema` : undefined;
  return { schema, texts: schema ? [] : types, headers: Object.fromEntries(headers) };
}

/**
 * The path of a route for given parameters, escaped; one that isn't given is made up.
 * @param {Pick<Route, "path">} route
 * @param {Record<string, string>} [values]
 */
export const pathOf = ({ path }, values = {}) =>
  path.replace(/\{([^}]+)\}/g, (_, name) => encodeURIComponent(values[name] ?? `no-such-${name}`));

/** @param {string} operation */
export function routeOf(operation) {
  const route = routes.find((one) => one.operation === operation);
  if (!route) throw new Error(`openapi.json has no ${operation}`);
  return route;
}

/** GETs that write something, which HEAD must not do: those of a sign-in, and these. */
const WRITING = new Set([
  "diagnoseUser",
  "exportAudit",
  "exportUser",
  "getMetrics",
  "getThreeDeyeCredentials",
  "getTwoFactorStatus",
]);

/** @param {Pick<Route, "method" | "path" | "operation">} route */
export const answersHead = ({ method, path, operation }) =>
  method === "GET" && !path.startsWith("/console/auth/") && !WRITING.has(operation);

/**
 * The route that a request ends up at. One that asks for keys of an instance takes every method, and refuses the wrong ones.
 * @param {string} method
 * @param {string} path as it was sent
 */
export function routeTo(method, path) {
  const [bare] = path.split("?");
  const answers = (/** @type {Route} */ route) =>
    route.access === "instance" || route.method === method || (method === "HEAD" && answersHead(route));
  const there = routes.filter((route) => route.pattern.test(bare));
  // A path in so many letters comes before one with a parameter in their place: for administrators if it has the method,
  // elsewhere whatever its methods.
  const fewest = Math.min(...there.map(parametersOf));
  const nearest = there.find((route) => parametersOf(route) === fewest && answers(route));
  return nearest ?? (bare?.startsWith("/admin/") ? there.find(answers) : undefined);
}

/** @param {Route} route */
const parametersOf = ({ path }) => path.split("{").length;

/** @param {string} method @param {string} path @param {number} status */
function expectedOf(method, path, status) {
  const route = routeTo(method, path);
  if (route?.access === "instance" && method === "OPTIONS" && status === 204) return PREFLIGHT;
  if (route) return route.responses[status];
  // As the runtime takes it, which resolves the dots first.
  const { pathname } = new URL(`http://localhost${path}`);
  if (isOfAccounts(pathname)) return STRAY_OF_ACCOUNTS[status];
  return (/^\/v1(\.1)?\//.test(pathname) ? STRAY_OF_INSTANCES : STRAY)[status];
}

/**
 * What an answer has that the description does not foresee.
 * @param {string} method
 * @param {string} path as it was sent
 * @param {import("./http.mjs").Answer} answer
 * @returns {string[]}
 */
export function deviations(method, path, answer) {
  const where = `${method} ${routeTo(method, path)?.path ?? "(no route)"} ${answer.status}`;
  const expected = expectedOf(method, path, answer.status);
  if (!expected) return [`${where} is not described`];
  return [...deviationsOfBody(expected, method, answer), ...deviationsOfHeaders(expected, answer)].map(
    (what) => `${where}: ${what}`,
  );
}

/** @param {any} expected @param {string} method @param {import("./http.mjs").Answer} answer */
function deviationsOfBody({ schema, texts = [] }, method, { text, json, headers }) {
  if (texts.length > 0) {
    const type = headers["content-type"] ?? "";
    return texts.some((/** @type {string} */ text) => text === type || text === type.split(";")[0])
      ? []
      : [`a body of type ${type}`];
  }
  if (method === "HEAD" || !schema) return text === "" ? [] : ["a body where none belongs"];
  if (json === undefined) return ["no JSON"];
  const validate = ajv.getSchema(schema) ?? ajv.compile({ $ref: schema });
  return validate(json) ? [] : [ajv.errorsText(validate.errors)];
}

/** Of a header. Those that are only referred to are compiled once, too. @param {any} schema */
function validatorOf(schema) {
  if (!schema.$ref) return ajv.compile(schema);
  const reference = `openapi.json${schema.$ref}`;
  return ajv.getSchema(reference) ?? ajv.compile({ $ref: reference });
}

/** @param {any} expected @param {import("./http.mjs").Answer} answer */
function deviationsOfHeaders({ headers }, answer) {
  return Object.entries(headers).flatMap(([name, { required, schema }]) => {
    const value = answer.headers[name];
    if (value === undefined) return required ? [`without ${name}`] : [];
    const typed = schema.type === "integer" ? Number(value) : value;
    return validatorOf(schema)(typed) ? [] : [`${name} is ${value}`];
  });
}

/**
 * The examples that their own schemas refuse.
 * @param {any} [part] of the description
 * @param {string[]} [path] to it
 * @returns {string[]}
 */
export function misfits(part = document, path = []) {
  if (typeof part !== "object" || part === null) return [];
  const own = "schema" in part ? Object.entries(part.examples ?? {}) : [];
  const pointer = [...path, "schema"]
    .map((name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1")))
    .join("/");
  return [
    ...own
      .filter(([, { value }]) => !ajv.validate({ $ref: `openapi.json#/${pointer}` }, value))
      .map(([name]) => [...path, name].join(" ")),
    ...Object.entries(part).flatMap(([name, value]) => misfits(value, [...path, name])),
  ];
}
