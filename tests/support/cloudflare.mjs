/**
 * Cloudflare's API on loopback, as far as the doctor and some commands of wrangler use it. What is in the account is state that a
 * test sets; a D1 database is an SQLite, on which the SQL that comes is run.
 */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";

import { parseTarget, readBody } from "../../dev/simulator/http.mjs";
import { createHttpServer } from "../../dev/tooling/http-server.mjs";

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * @typedef {{uuid: string, name: string, file_size: number, sqlite: DatabaseSync}} D1
 * @typedef {{bindings: any[], schedules: string[], deployments: any[]}} Script
 *
 * @typedef {object} State
 * @property {string} token the one that is accepted
 * @property {{status: string, expires_on?: string}} tokenState
 * @property {"user" | "account"} tokenOf
 * @property {{id: string, name: string}[]} accounts
 * @property {D1[]} databases
 * @property {any[]} queues
 * @property {Record<string, Script>} scripts
 * @property {string} subdomain
 * @property {RegExp | undefined} denied paths that the token may not use
 * @property {RegExp | undefined} broken paths that fail
 *
 * @typedef {{status?: number, result?: any, errors?: {code: number, message: string}[], pages?: number}} Reply
 */

/** @param {number} status @param {number} code @param {string} message @returns {Reply} */
const refuse = (status, code, message) => ({ status, errors: [{ code, message }] });

/** @param {string} name @param {string} [uuid] @returns {D1} */
export const database = (name, uuid = randomUUID()) => ({ uuid, name, file_size: 8192, sqlite: new DatabaseSync(":memory:") });

/** @param {string} name @param {any[]} [consumers] */
export const queue = (name, consumers = []) => ({
  queue_id: randomUUID().replaceAll("-", ""),
  queue_name: name,
  consumers,
  settings: {},
});

/** @param {State} state of which a test changes what it wants, also later */
export async function startCloudflare(state) {
  const asked = /** @type {string[]} */ ([]);
  const server = createHttpServer(async (incoming, response) => {
    const { path, query } = parseTarget(incoming);
    const body = await bodyOf(incoming);
    const route = path.replace("/client/v4", "");
    asked.push(`${incoming.method} ${route}`);
    const isKnown = incoming.headers.authorization === `Bearer ${state.token}`;
    const reply = isKnown
      ? answer(state, String(incoming.method), route, query, body)
      : refuse(400, 6003, "Invalid request headers");
    const { status = reply.errors ? 400 : 200, result = null, errors = [], pages = 1 } = reply;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        success: errors.length === 0,
        result,
        errors,
        messages: [],
        result_info: { page: 1, total_pages: pages },
      }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/client/v4`,
    state,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** JSON as it is; of a form the part that describes a Worker. @param {import("node:http").IncomingMessage} incoming */
async function bodyOf(incoming) {
  const text = await readBody(incoming, MAX_BYTES);
  const type = incoming.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/")) return text;
  const form = await new Response(text, { headers: { "content-type": type } }).formData();
  return String(form.get("metadata") ?? "{}");
}

/** @param {State} state @param {string} method @param {string} path @param {URLSearchParams} query @param {string} body @returns {Reply} */
function answer(state, method, path, query, body) {
  if (state.broken?.test(path)) return { status: 500, errors: [{ code: 10001, message: "internal error" }] };
  if (state.denied?.test(path)) return refuse(403, 10000, "Authentication error");
  if (path === "/user/tokens/verify")
    return state.tokenOf === "user" ? { result: state.tokenState } : refuse(401, 1000, "Invalid API Token");
  if (path === "/accounts") return page(state.accounts, query);
  if (path === "/memberships")
    return page(
      state.accounts.map((account) => ({ id: account.id, account })),
      query,
    );
  const [, account, rest = ""] = /^\/accounts\/([^/]+)(\/.*)$/.exec(path) ?? [];
  if (!state.accounts.some(({ id }) => id === account)) return refuse(403, 10000, "Authentication error");
  if (rest === "/tokens/verify") return { result: state.tokenState };
  if (rest === "/workers/subdomain") return { result: { subdomain: state.subdomain } };
  if (rest.startsWith("/d1/database")) return ofDatabases(state, method, rest, query, body);
  if (rest.startsWith("/queues")) return ofQueues(state, method, rest, query, body);
  return ofScripts(state, method, rest, body);
}

/** A page of a list. @param {any[]} list @param {URLSearchParams} query @returns {Reply} */
function page(list, query) {
  const [size, number] = [Number(query.get("per_page") ?? 20), Number(query.get("page") ?? 1)];
  return { result: list.slice((number - 1) * size, number * size), pages: Math.ceil(list.length / size) };
}

/** @param {State} state @param {string} method @param {string} path @param {URLSearchParams} query @param {string} body @returns {Reply} */
function ofDatabases(state, method, path, query, body) {
  const told = (/** @type {D1} */ { sqlite: _, ...rest }) => rest;
  if (path === "/d1/database" && method === "POST") {
    const made = database(JSON.parse(body).name);
    state.databases.push(made);
    return { result: told(made) };
  }
  const name = query.get("name");
  if (path === "/d1/database") return page(state.databases.filter((one) => !name || one.name.includes(name)).map(told), query);
  const [, , , id = "", action] = path.split("/");
  const found = state.databases.find((one) => one.uuid === decodeURIComponent(id) || one.name === decodeURIComponent(id));
  if (!found) return refuse(404, 7404, `The database ${id} could not be found`);
  if (action !== "query") return { result: told(found) };
  try {
    return { result: [{ results: run(found.sqlite, JSON.parse(body).sql), success: true, meta: { duration: 0.1 } }] };
  } catch (error) {
    return refuse(400, 7500, `${/** @type {Error} */ (error).message}: SQLITE_ERROR`);
  }
}

/** @param {DatabaseSync} sqlite @param {string} sql @returns {any[]} */
function run(sqlite, sql) {
  if (/^\s*(SELECT|PRAGMA)\b/i.test(sql)) return sqlite.prepare(sql).all();
  sqlite.exec(sql);
  return [];
}

/** @param {State} state @param {string} method @param {string} path @param {URLSearchParams} query @param {string} body @returns {Reply} */
function ofQueues(state, method, path, query, body) {
  const [, , id, what] = path.split("/");
  const found = state.queues.find((one) => one.queue_id === id);
  if (method === "POST" && found && what === "consumers") {
    const { script_name: script, ...rest } = JSON.parse(body);
    const consumer = { consumer_id: randomUUID(), script, ...rest };
    found.consumers.push(consumer);
    return { result: consumer };
  }
  if (method === "POST" && !id) {
    const made = queue(JSON.parse(body).queue_name);
    state.queues.push(made);
    return { result: made };
  }
  if (id) return refuse(404, 7003, "No route for that URI");
  const names = query.getAll("name");
  return page(names.length > 0 ? state.queues.filter((one) => names.includes(one.queue_name)) : state.queues, query);
}

/** @param {State} state @param {string} method @param {string} path @param {string} body @returns {Reply} */
function ofScripts(state, method, path, body) {
  const [, kind, encoded = "", what] = /^\/workers\/(scripts|services|workers)\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  const name = decodeURIComponent(encoded);
  if (!kind) return refuse(404, 7003, "No route for that URI");
  if (method === "PUT" && what === undefined) return upload(state, name, JSON.parse(body));
  // Nothing is asked for: all files are there already.
  if (what === "assets-upload-session") return { result: { jwt: "e30.e30.AAAA", buckets: [] } };
  const script = state.scripts[name];
  if (!script) return refuse(404, 10007, "This Worker does not exist on your account.");
  const environment = { environment: "production", script: { id: name, last_deployed_from: "wrangler" } };
  if (kind === "services") return { result: { id: name, default_environment: environment } };
  if (kind === "workers") return { result: { id: name, name, subdomain: { enabled: true, previews_enabled: false } } };
  const own = OF_A_SCRIPT[what ?? ""];
  return own ? own(script, method, body) : refuse(404, 7003, "No route for that URI");
}

/** @type {Record<string, (script: Script, method: string, body: string) => Reply>} */
const OF_A_SCRIPT = {
  settings: (script) => ({ result: { bindings: script.bindings } }),
  "script-settings": () => ({ result: {} }),
  versions: (script, _, body) => {
    const { bindings, keep_bindings: kept = [] } = JSON.parse(body);
    script.bindings = [...withoutTexts(bindings), ...script.bindings.filter(({ type }) => kept.includes(type))];
    return { result: { id: randomUUID(), startup_time_ms: 12, resources: { script: { etag: "1" } } } };
  },
  deployments: (script, method, body) => {
    if (method !== "POST") return { result: { deployments: script.deployments } };
    const deployment = { id: randomUUID(), created_on: new Date().toISOString(), versions: JSON.parse(body).versions };
    script.deployments.unshift(deployment);
    return { result: deployment };
  },
  subdomain: () => ({ result: { enabled: true, previews_enabled: false } }),
  schedules: (script, method, body) => {
    if (method === "PUT") script.schedules = JSON.parse(body).map((/** @type {{cron: string}} */ { cron }) => cron);
    return { result: { schedules: script.schedules.map((cron) => ({ cron, created_on: "2026-11-01T10:00:00Z" })) } };
  },
  secrets: (script, method, body) => {
    const isSecret = (/** @type {any} */ { type }) => type === "secret_text";
    if (method !== "PUT") return { result: script.bindings.filter(isSecret) };
    const { name } = JSON.parse(body);
    script.bindings = [...script.bindings.filter((one) => one.name !== name), { type: "secret_text", name }];
    return { result: { name, type: "secret_text" } };
  },
};

/** A secret's text is not kept, as it cannot be read back. @param {any[]} bindings */
const withoutTexts = (bindings) => bindings.map((one) => (one.type === "secret_text" ? { type: one.type, name: one.name } : one));

/** The first upload: of a Worker, or of a draft that holds secrets only. @param {State} state @param {string} name @param {any} metadata @returns {Reply} */
function upload(state, name, { bindings }) {
  const own = withoutTexts(bindings);
  const isDraft = own.every(({ type }) => type === "secret_text");
  const deployment = {
    id: randomUUID(),
    created_on: new Date().toISOString(),
    versions: [{ version_id: randomUUID(), percentage: 100 }],
  };
  state.scripts[name] = { bindings: own, schedules: [], deployments: isDraft ? [] : [deployment] };
  return { result: { id: name, startup_time_ms: 12 } };
}
