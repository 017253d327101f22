/** The life of one recorded call: arrival, faults, delay, effect, answer. */

import { setTimeout as sleep } from "node:timers/promises";

import { deliverAnswer, deliverFault } from "./delivery.mjs";
import { BodyTooLarge, parseTarget, readBody } from "./http.mjs";
import { answerOpenId, isOpenId } from "./openid.mjs";
import { API_BASE, accountOf, answerUpstream, isAuthenticated } from "./upstream.mjs";

/**
 * @typedef {import("./upstream.mjs").Request} Request
 * @typedef {import("./upstream.mjs").Answer} Answer
 */

/** Where the token issuer publishes its keys. */
export const JWKS_PATH = "/.well-known/jwks.json";

const MAX_BODY_BYTES = 1024 * 1024;

/** @param {string} path */
export const isRecorded = (path) => path === JWKS_PATH || isOpenId(path) || path === API_BASE || path.startsWith(`${API_BASE}/`);

/**
 * @param {import("./server.mjs").Simulation} simulation
 * @param {import("node:http").IncomingMessage} incoming
 * @param {import("node:http").ServerResponse} response
 * @param {AbortSignal} lifetime ends delays when the simulator stops
 */
export async function exchange(simulation, incoming, response, lifetime) {
  const { path, query } = parseTarget(incoming);
  const method = incoming.method ?? "GET";
  const resource = path === JWKS_PATH || isOpenId(path) ? null : path.slice(API_BASE.length);
  const call = simulation.calls.open({ method, path, query: Object.fromEntries(query), upstream: resource !== null });
  const wire = { response, call };
  response.once("close", () => call.disconnected());

  /** @type {Request} */
  const request = { method, path, resource, query, headers: incoming.headers, content: "", body: undefined };
  try {
    request.content = await readBody(incoming, MAX_BODY_BYTES);
    request.body = parseJson(request.content);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) return; // the client left while it was sending
    return deliverAnswer(wire, { status: 413, headers: { connection: "close" }, body: { message: "The body is too large" } });
  }

  request.account = accountOf(simulation.config, request);
  const plan = simulation.faults.planFor(request);
  if (plan.expireTokens) simulation.tokens.expireAll();
  call.identify({ authenticated: resource !== null && isAuthenticated(simulation, request), email: request.account?.email });

  // The delay comes before the effect, and a client that gave up meanwhile doesn't undo it: so it is with a real server.
  await pause((resource === null ? 0 : simulation.config.latencyMs) + plan.delayBeforeMs, lifetime);
  const takesEffect = !plan.misbehaviour || plan.misbehaviour.after;
  const genuine = takesEffect ? genuineAnswer(simulation, request) : null;
  await pause(plan.delayAfterMs, lifetime);

  if (plan.misbehaviour) return deliverFault(wire, plan.misbehaviour, genuine);
  if (genuine) deliverAnswer(wire, genuine);
}

/**
 * @param {import("./server.mjs").Simulation} simulation
 * @param {Request} request
 * @returns {Answer}
 */
function genuineAnswer(simulation, request) {
  if (request.resource !== null) return answerUpstream(simulation, request);
  if (isOpenId(request.path)) return answerOpenId(simulation, request);
  if (request.method === "GET") return { status: 200, body: simulation.issuer.jwks() };
  return { status: 405, headers: { allow: "GET" }, body: { message: "Method not allowed" } };
}

/** @param {string} content */
function parseJson(content) {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 */
async function pause(ms, signal) {
  if (ms > 0) await sleep(ms, undefined, { signal });
}
