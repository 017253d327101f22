/** The controls over HTTP, for a simulator that runs in its own process. */

import { BodyTooLarge, readBody, sendAnswer } from "./http.mjs";
import { ControlError } from "./shape.mjs";

/**
 * @typedef {import("./control.mjs").Control} Control
 * @typedef {import("./upstream.mjs").Answer} Answer
 */

/** Where the controls live on this server. */
export const CONTROL_BASE = "/__sim";

const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** @type {Record<string, Record<string, (control: Control, body: any) => Answer>>} */
const ROUTES = {
  "/reset": {
    POST: (control, body) => {
      control.reset(body);
      return { status: 204 };
    },
  },
  "/users": {
    GET: (control) => ({ status: 200, body: { users: control.users() } }),
    POST: (control, body = {}) => {
      const users = control.seed(body);
      return { status: 201, body: { created: users.length, users } };
    },
  },
  "/config": {
    GET: (control) => ({ status: 200, body: control.config() }),
    PATCH: (control, body = {}) => ({ status: 200, body: control.configure(body) }),
  },
  "/faults": {
    GET: (control) => ({ status: 200, body: { faults: control.faults() } }),
    POST: (control, body = {}) => ({ status: 201, body: control.fault(body) }),
    DELETE: (control) => {
      control.clearFaults();
      return { status: 204 };
    },
  },
  "/calls": {
    GET: (control) => ({ status: 200, body: { calls: control.calls() } }),
    DELETE: (control) => {
      control.clearCalls();
      return { status: 204 };
    },
  },
  "/token": {
    POST: (control, body) => ({ status: 200, body: { token: control.mint(body) } }),
  },
  "/rotate-keys": {
    POST: (control) => ({ status: 200, body: control.rotateKeys() }),
  },
};

/**
 * @param {Control} control
 * @param {string} path as received
 * @param {import("node:http").IncomingMessage} incoming
 * @param {import("node:http").ServerResponse} response
 */
export async function serveControl(control, path, incoming, response) {
  sendAnswer(response, await answer(control, path, incoming));
}

/**
 * @param {Control} control
 * @param {string} path
 * @param {import("node:http").IncomingMessage} incoming
 * @returns {Promise<Answer>}
 */
async function answer(control, path, incoming) {
  const name = path.slice(CONTROL_BASE.length);
  const methods = Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined;
  if (!methods) return { status: 404, body: { error: `no such control; known: ${Object.keys(ROUTES).join(", ")}` } };
  const verb = incoming.method ?? "GET";
  if (!Object.hasOwn(methods, verb)) {
    return { status: 405, headers: { allow: Object.keys(methods).join(", ") }, body: { error: `${verb} is not allowed here` } };
  }
  try {
    const content = await readBody(incoming, MAX_BODY_BYTES);
    return methods[verb](control, content.trim() === "" ? undefined : JSON.parse(content));
  } catch (error) {
    if (error instanceof ControlError) return { status: 400, body: { error: error.message } };
    if (error instanceof SyntaxError) return { status: 400, body: { error: `the body is not JSON: ${error.message}` } };
    if (error instanceof BodyTooLarge) return { status: 413, headers: { connection: "close" }, body: { error: error.message } };
    throw error;
  }
}
