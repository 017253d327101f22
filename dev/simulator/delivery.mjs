/** The ways an answer can fail to be one: what each kind of fault does on the wire. */

import { once } from "node:events";
import { STATUS_CODES } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { sendAnswer } from "./http.mjs";

/**
 * @typedef {import("./upstream.mjs").Answer} Answer
 * @typedef {import("./faults.mjs").Misbehaviour} Misbehaviour
 *
 * @typedef {object} Wire
 * @property {import("node:http").ServerResponse} response
 * @property {import("./calls.mjs").OpenCall} call
 *
 * @typedef {(wire: Wire, fault: Misbehaviour, genuine: Answer | null) => void | Promise<void>} Delivery
 */

const JSON_TYPE = "application/json; charset=utf-8";

/** Begins like a list, for faults that strike before there is a genuine answer to cut. */
const FALLBACK_JSON = '{"data":[{"id":"00000000-0000-4000-8000-000000000000","email":"someone@example.com"}]}';

/** @type {Record<string, Delivery>} */
const DELIVERIES = {
  status(wire, { status = 500, headers, contentType, body = { message: STATUS_CODES[status] ?? "Unknown" } }) {
    deliverAnswer(wire, { status, headers, contentType, body });
  },

  reset({ response, call }) {
    call.answered("reset");
    response.socket?.resetAndDestroy();
  },

  async hang({ response, call }) {
    call.lingering("hang");
    await untilClosed(response);
  },

  async hangBody({ response, call }, _fault, genuine) {
    call.lingering("hang");
    if (response.destroyed) return;
    response.writeHead(200, { "content-type": JSON_TYPE });
    response.write(firstHalf(genuine));
    await untilClosed(response);
  },

  rateLimit(wire, { rateLimit }) {
    const retryAfter = rateLimit?.retryAfter;
    /** @type {Record<string, string>} */
    const headers = {};
    if (retryAfter !== undefined && retryAfter !== null) headers["retry-after"] = String(retryAfter);
    deliverAnswer(wire, { status: 429, headers, body: { message: "Too many requests" } });
  },

  truncated(wire, _fault, genuine) {
    deliverAnswer(wire, { status: 200, contentType: JSON_TYPE, body: firstHalf(genuine) });
  },

  html(wire) {
    const body = "<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in to continue</h1></body></html>";
    deliverAnswer(wire, { status: 200, contentType: "text/html; charset=utf-8", body });
  },

  async huge({ response, call }, { huge = 0 }) {
    call.lingering(200);
    response.writeHead(200, { "content-type": JSON_TYPE });
    // A client that goes away in the middle is the expected end of this answer, not an error.
    await pipeline(Readable.from(endlessList(huge)), response).catch(() => {});
  },
};

/**
 * @param {Wire} wire
 * @param {Answer} answer
 */
export function deliverAnswer({ response, call }, answer) {
  call.answered(answer.status);
  sendAnswer(response, answer);
}

/**
 * @param {Wire} wire
 * @param {Misbehaviour} fault
 * @param {Answer | null} genuine the answer that the client will not get, when the call took effect
 */
export async function deliverFault(wire, fault, genuine) {
  const kind = Object.keys(DELIVERIES).find((name) => name in fault);
  if (!kind) throw new TypeError("a misbehaviour without a kind");
  await DELIVERIES[kind](wire, fault, genuine);
}

/** @param {import("node:http").ServerResponse} response */
async function untilClosed(response) {
  if (!response.destroyed) await once(response, "close");
}

/** @param {Answer | null} genuine */
function firstHalf(genuine) {
  const whole = genuine?.body === undefined ? FALLBACK_JSON : JSON.stringify(genuine.body);
  return whole.slice(0, Math.max(1, whole.length >> 1));
}

/**
 * A well-formed list of at least so many bytes, made up as it is read.
 * @param {number} bytes
 */
function* endlessList(bytes) {
  const usersPerChunk = 500;
  let sent = 0;
  let count = 0;
  while (sent < bytes) {
    const users = Array.from({ length: usersPerChunk }, (_, index) => {
      const number = count + index;
      return JSON.stringify({ id: `huge-${number}`, email: `huge-${number}@example.com`, roles: [] });
    });
    const chunk = (count === 0 ? '{"data":[' : ",") + users.join(",");
    count += usersPerChunk;
    sent += chunk.length;
    yield chunk;
  }
  yield `],"total":${count}}`;
}
