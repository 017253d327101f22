/** The local simulator of 3dEye and of the token issuer, listening for one test file, and the calls that tests make to it. */

import { after, beforeEach } from "node:test";

import { startSimulator } from "../../dev/simulator/server.mjs";

export const API_KEY = "sim-threedeye-key";
export const LOGIN = { username: "svc@spkey.example", password: "sim-login-pass" };
export const PASSWORD = "Abcdefghij0123456-_Z";
export const JWKS = "/.well-known/jwks.json";

/** Starts a simulator for this test file, and empties it before every test. */
export async function simulatorForThisFile() {
  const sim = await startSimulator();
  beforeEach(() => sim.control.reset());
  after(() => sim.close());

  /**
   * One call to the upstream API, with its JSON when there is some.
   * @param {string} method
   * @param {string} path
   * @param {{body?: unknown, headers?: Record<string, string>, signal?: AbortSignal, from?: {url?: string}}} [options]
   * @returns {Promise<{status: number, headers: Headers, text: string, json: any}>}
   */
  async function api(method, path, { body, headers, signal, from = sim } = {}) {
    const response = await fetch(`${from.url}/v3${path}`, {
      method,
      headers: { "x-api-key": API_KEY, ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
    const text = await response.text();
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      // some faults are meant to be unreadable
    }
    return { status: response.status, headers: response.headers, text, json };
  }

  /** @param {string} email @param {object} [more] */
  const create = (email, more) => api("POST", "/users", { body: newUser(email, more) });
  const listUsers = async (query = "customerId=cust-1") => (await api("GET", `/users?${query}`)).json.data;
  /** @param {string} [query] */
  const emailsOf = async (query) => (await listUsers(query)).map((/** @type {{email: string}} */ user) => user.email);
  /** @param {object} [credentials] */
  const login = async (credentials = LOGIN) => api("POST", "/auth/token", { body: credentials });

  /** One call to the HTTP controls. @param {string} method @param {string} path @param {unknown} [body] */
  async function control(method, path, body) {
    const content = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`${sim.url}/__sim${path}`, { method, body: content });
    const text = await response.text();
    return { status: response.status, json: text ? JSON.parse(text) : undefined };
  }

  return { sim, api, create, listUsers, emailsOf, login, control };
}

/** @param {string} email */
export const newUser = (email, more = {}) => ({
  email,
  password: PASSWORD,
  firstName: "Ada",
  lastName: "Lovelace",
  customerId: "cust-1",
  roleIds: [],
  ...more,
});

/** @param {string} token */
export const bearer = (token) => ({ authorization: `Bearer ${token}` });

/**
 * Puts the wall clock into the test's hands, so that expiry is exact; timers and connections go on as usual.
 * @param {import("node:test").TestContext} t
 */
export function holdClock(t) {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  return (/** @type {any} */ ms) => t.mock.timers.tick(ms);
}
