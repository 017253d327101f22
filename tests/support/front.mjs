/** A server in front of the simulator that makes a tenant of it which is unlike what we assume. */

import { once } from "node:events";
import { after } from "node:test";

import { readBody } from "../../dev/simulator/http.mjs";
import { createHttpServer } from "../../dev/tooling/http-server.mjs";

/**
 * @typedef {object} Asked as the simulator is asked
 * @property {string} method
 * @property {string} path below the API's base, without the query
 * @property {URLSearchParams} query
 * @property {any} body
 * @property {Record<string, string>} headers
 *
 * @typedef {{status: number, headers?: Record<string, string>, body?: any}} Told a text is sent as it is, anything else as JSON
 *
 * @typedef {object} Ways of the tenant
 * @property {(asked: Asked) => Told | void} [ask] changes what the simulator is asked, or answers in its place
 * @property {(told: Told, asked: Asked) => Told} [tell] changes what the simulator answered
 */

/**
 * @param {{url: string}} sim
 * @returns {Promise<{url: string, be: (ways: Ways) => void}>}
 */
export async function frontOf(sim) {
  /** @type {Ways} */
  let ways = {};
  const server = createHttpServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", sim.url);
    const content = await readBody(incoming, 1 << 20);
    const headers = Object.fromEntries(
      ["x-api-key", "authorization", "content-type"].flatMap((name) => {
        const value = incoming.headers[name];
        return typeof value === "string" ? [[name, value]] : [];
      }),
    );
    const body = content === "" ? undefined : JSON.parse(content);
    const asked = { method: incoming.method ?? "GET", path: url.pathname.slice(3), query: url.searchParams, body, headers };
    const own = ways.ask?.(asked);
    const told = own ?? (await forwarded(asked));
    const { status, headers: more, body: answer } = own ? told : (ways.tell?.(told, asked) ?? told);
    const text = answer === undefined ? "" : typeof answer === "string" ? answer : JSON.stringify(answer);
    outgoing.writeHead(status, { "content-type": "application/json", ...more });
    outgoing.end(text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  /** @param {Asked} asked @returns {Promise<Told>} */
  async function forwarded({ method, path, query, body, headers }) {
    const answer = await fetch(`${sim.url}/v3${path}?${query}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}`, be: (other) => (ways = other) };
}

/**
 * The same JSON with other names.
 * @param {any} value @param {Record<string, string>} names by the former ones
 * @returns {any}
 */
export function renamed(value, names) {
  if (Array.isArray(value)) return value.map((entry) => renamed(entry, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [names[name] ?? name, renamed(entry, names)]));
}

/** Gives a parameter its usual name. @param {URLSearchParams} query @param {string} other @param {string} usual */
export function takeAs(query, other, usual) {
  const value = query.get(other);
  query.delete(usual);
  query.delete(other);
  if (value !== null) query.set(usual, value);
}
