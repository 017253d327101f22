// One HTTP call: limited in time and size, and redirects are not followed.

import { whyFailed } from "../tooling/failed-call.mjs";

const MAX_BYTES = 4 * 1024 * 1024;

/** No whole answer came. */
export class LostAnswer extends Error {
  /** @param {import("./reading.mjs").Lost} cause @param {string} why in words */
  constructor(cause, why) {
    super(why);
    this.cause = cause;
  }
}

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Headers} headers
 * @property {string} text
 * @property {number} ms until the last byte
 */

/**
 * @param {string} url
 * @param {{method: string, headers: Record<string, string>, body: string | undefined, timeoutMs: number, signal?: AbortSignal}} call
 * @returns {Promise<Answer>} rejects with a `LostAnswer`, or with the reason of `signal`
 */
export async function send(url, { method, headers, body, timeoutMs, signal }) {
  const limit = AbortSignal.timeout(timeoutMs);
  const began = performance.now();
  try {
    const either = signal ? AbortSignal.any([signal, limit]) : limit;
    const response = await fetch(url, { method, headers, body, redirect: "manual", signal: either });
    const text = await textOf(response);
    return { status: response.status, headers: response.headers, text, ms: Math.round(performance.now() - began) };
  } catch (error) {
    if (error instanceof LostAnswer) throw error;
    if (signal?.aborted) throw signal.reason;
    if (limit.aborted) throw new LostAnswer("timed out", `no answer within ${timeoutMs / 1000} s`);
    throw new LostAnswer("connection", `the connection failed: ${whyFailed(error)}`);
  }
}

/** @param {Response} response */
async function textOf(response) {
  /** @type {Uint8Array[]} */
  const chunks = [];
  let size = 0;
  // Leaving the loop early cancels the body.
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new LostAnswer("too large", `the answer is larger than ${MAX_BYTES >> 20} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
