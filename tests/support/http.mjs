/**
 * A client that sends what it is told to: any method, any path, headers as given. `fetch` would put a path in order and
 * refuse what a hostile client sends.
 */

import { Agent, request as open } from "node:http";
import { connect } from "node:net";

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string} text
 * @property {any} json undefined when the body is none
 *
 * @typedef {object} Options
 * @property {Record<string, string | string[] | undefined>} [headers] an undefined one is left out
 * @property {any} [json] sent as JSON
 * @property {string | Buffer | (string | Buffer)[]} [body] sent as it is; a list is sent in chunks, without a length
 */

/** Idle for so long, a connection is not used again: workerd ends it after 15 s, perhaps just as the next request is sent. */
const IDLE_MS = 5_000;

const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: IDLE_MS });

/**
 * @param {string} origin such as `http://127.0.0.1:8787`
 * @param {string} method
 * @param {string} path sent byte by byte
 * @param {Options} [options]
 * @returns {Promise<Answer>}
 */
export function send(origin, method, path, { headers = {}, json, body } = {}) {
  const { hostname, port } = new URL(origin);
  const content = json === undefined ? body : JSON.stringify(json);
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  /** @type {Record<string, any>} */
  const sent = {
    ...(json !== undefined && { "content-type": "application/json" }),
    ...(content !== undefined && !Array.isArray(content) && { "content-length": Buffer.byteLength(content) }),
    ...given,
  };
  return new Promise((resolve, reject) => {
    let answered = false;
    const call = open({ agent, hostname, port, method, path, headers: sent }, (incoming) => {
      answered = true;
      const chunks = /** @type {Buffer[]} */ ([]);
      incoming.on("data", (chunk) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => resolve(answerOf(incoming, Buffer.concat(chunks).toString("utf8"))));
    });
    // A server that has answered an overlong body need not read the rest of it.
    call.on("error", (error) => (answered ? undefined : reject(error)));
    for (const part of Array.isArray(content) ? content : []) call.write(part);
    call.end(Array.isArray(content) ? undefined : content);
  });
}

/**
 * A request byte by byte, over a connection of its own that says no more after it: header values that no client library lets
 * pass, bodies that break off.
 * @param {string} origin
 * @param {string} method
 * @param {string} path
 * @param {Record<string, string>} headers a character is a byte
 * @param {string} [body] sent as it is, whatever length the headers announce
 * @param {boolean} [stays] false: the client is gone before it is answered
 * @returns {Promise<Answer | undefined>} undefined where no answer came
 */
export function sendRaw(origin, method, path, headers, body = "", stays = true) {
  const { hostname, port, host } = new URL(origin);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`, "latin1");
  return new Promise((resolve, reject) => {
    const chunks = /** @type {Buffer[]} */ ([]);
    const socket = connect(Number(port), hostname);
    socket.on("data", (chunk) => chunks.push(chunk));
    // The server may end what it has answered before it has read it.
    socket.on("error", (error) => (chunks.length > 0 ? undefined : reject(error)));
    socket.on("close", () => resolve(chunks.length > 0 ? parse(Buffer.concat(chunks).toString("utf8")) : undefined));
    socket.write(bytes, () => (stays ? socket.end() : socket.destroy()));
  });
}

/** An answer that is there as a whole and has no chunks. @param {string} answer */
function parse(answer) {
  const [head, text] = answer.split("\r\n\r\n", 2);
  const [status, ...lines] = head.split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => line.split(": ", 2)).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return answerOf({ statusCode: Number(status.split(" ")[1]), headers }, text);
}

/**
 * @param {Pick<import("node:http").IncomingMessage, "statusCode" | "headers">} incoming
 * @param {string} text
 * @returns {Answer}
 */
function answerOf({ statusCode = 0, headers }, text) {
  const isJson = /^application\/json\b/.test(headers["content-type"] ?? "") && text !== "";
  return { status: statusCode, headers, text, json: isJson ? JSON.parse(text) : undefined };
}
