/** The one shape of an error, as it was published. */

import assert from "node:assert/strict";

/** @typedef {import("./http.mjs").Answer} Answer */

const REASONS = /** @type {Record<number, string>} */ ({
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
});

const MESSAGES = /** @type {Record<number, string>} */ ({
  401: "Authentication required. Please provide a valid API token",
  500: "An unexpected error occurred on the server",
});

/**
 * Body, reason phrase, request id, and the headers that go with the status.
 * @param {Answer} answer
 * @param {number} status
 * @param {string | RegExp} [message] what it must say; 401 and 500 say what was published
 */
export function assertError(answer, status, message = MESSAGES[status]) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers["content-type"] ?? "", /^application\/json\b/);
  assert.deepEqual(Object.keys(answer.json).sort(), ["code", "error", "message", "requestId", "success"]);
  const { success, error, code, requestId, message: said } = answer.json;
  assert.deepEqual({ success, error, code }, { success: false, error: REASONS[status], code: status });
  assert.equal(requestId, answer.headers["x-request-id"]);
  assert.match(String(requestId), /^req_[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.equal(answer.headers["www-authenticate"], status === 401 ? "Bearer" : undefined);
  assert.equal(typeof said, "string");
  if (typeof message === "string") assert.equal(said, message);
  if (message instanceof RegExp) assert.match(said, message);
}
