/** Reading a body and sending an answer, with node:http. */

/**
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 * @typedef {import("node:http").ServerResponse} ServerResponse
 */

/** The request's body is larger than this server is willing to hold. */
export class BodyTooLarge extends Error {}

/**
 * @param {IncomingMessage} incoming
 * @param {number} maxBytes
 * @returns {Promise<string>}
 */
export async function readBody(incoming, maxBytes) {
  const chunks = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > maxBytes) throw new BodyTooLarge(`the body is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Splits a request target by hand: URL would normalise the path, and a record of calls must show it as it came.
 * @param {IncomingMessage} incoming
 */
export function parseTarget(incoming) {
  const [path, ...rest] = (incoming.url ?? "/").split("?");
  return { path, query: new URLSearchParams(rest.join("?")) };
}

/**
 * Sends the answer, unless the client has left: writing to its closed connection would be an error.
 * @param {ServerResponse} response
 * @param {import("./upstream.mjs").Answer} answer
 */
export function sendAnswer(response, { status, body, contentType, headers = {} }) {
  if (response.destroyed) return;
  const isText = typeof body === "string";
  const content = body === undefined ? "" : isText ? body : JSON.stringify(body);
  const bodyless = status === 204 || status === 304;
  response.writeHead(status, {
    ...(!bodyless && {
      "content-type": contentType ?? (isText ? "text/plain; charset=utf-8" : "application/json; charset=utf-8"),
      "content-length": Buffer.byteLength(content),
    }),
    ...headers,
  });
  response.end(bodyless ? undefined : content);
}
