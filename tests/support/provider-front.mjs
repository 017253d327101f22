/** What stands between a client and a server, to change what the server answers: another clock, another version, a failure. */

import { once } from "node:events";

import { createHttpServer } from "../../dev/tooling/http-server.mjs";

/**
 * @typedef {{status: number, headers: Record<string, string>, body: string}} Answer
 * @typedef {(path: string, answer: Answer) => Partial<Answer> | undefined} Change
 */

/** @param {string} target an origin */
export async function startFront(target) {
  /** @type {{change: Change}} */
  const front = { change: () => undefined };
  const server = createHttpServer(async (incoming, response) => {
    const path = incoming.url ?? "/";
    const reply = await fetch(target + path, {
      redirect: "manual",
      headers: { accept: String(incoming.headers.accept ?? "*/*") },
    });
    const {
      connection: _,
      "content-encoding": __,
      "transfer-encoding": ___,
      "content-length": ____,
      ...headers
    } = Object.fromEntries(reply.headers);
    const answer = { status: reply.status, headers, body: await reply.text() };
    const { status, headers: changed, body } = { ...answer, ...front.change(path, answer) };
    response.writeHead(status, changed);
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return Object.assign(front, {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

/** Changes the JSON of one path. @param {string} at @param {(json: any) => any} change @returns {Change} */
export const json =
  (at, change) =>
  (path, { body }) =>
    path === at ? { body: JSON.stringify(change(JSON.parse(body))) } : undefined;
