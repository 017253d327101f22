/**
 * A place between a client and the service that hands everything on as it came and remembers it: so it is known what a
 * client really sends, and each answer it gets is held against openapi.json like any other.
 */

import { once } from "node:events";

import { createHttpServer } from "../../dev/tooling/http-server.mjs";

/**
 * @typedef {{method: string, path: string, headers: import("node:http").IncomingHttpHeaders, body: string, status: number}} Exchange
 *
 * @param {import("./service.mjs").Service} service
 * @returns {Promise<{url: string, heard: Exchange[], close: () => Promise<void>}>}
 */
export async function tap(service) {
  const heard = /** @type {Exchange[]} */ ([]);
  const server = createHttpServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const [method, path, body] = [request.method ?? "", request.url ?? "", Buffer.concat(chunks)];
    const answer = await service.call(method, path, { headers: passedOn(request.headers), ...(body.length > 0 && { body }) });
    heard.push({ method, path, headers: request.headers, body: body.toString("utf8"), status: answer.status });
    const { "transfer-encoding": _, ...headers } = answer.headers;
    response.writeHead(answer.status, headers).end(answer.text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    heard,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/**
 * All but what belongs to one connection; an answer is read here as plain text, so none may come compressed.
 * @param {import("node:http").IncomingHttpHeaders} headers
 */
function passedOn(headers) {
  const own = ["host", "connection", "transfer-encoding", "accept-encoding"];
  return /** @type {Record<string, string>} */ (
    Object.fromEntries(Object.entries(headers).filter(([name]) => !own.includes(name)))
  );
}
