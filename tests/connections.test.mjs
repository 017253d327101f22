/** Connections that are kept for another request, between the tests and the servers on loopback. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, get } from "node:http";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createHttpServer } from "../dev/tooling/http-server.mjs";
import { send } from "./support/http.mjs";

/** How long workerd keeps an idle connection, as a client and as a server. */
const WORKERD_MS = { client: 5_000, server: 15_000 };

const ports = /** @type {(number | undefined)[]} */ ([]);
const server = createHttpServer((request, response) => {
  ports.push(request.socket.remotePort);
  response.end();
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
after(() => server.close());
const origin = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;

test("a connection is used again, but not once workerd may be about to end it", async () => {
  ports.length = 0;
  await send(origin, "GET", "/");
  await send(origin, "GET", "/");
  assert.equal(ports[0], ports[1]);
  await sleep(WORKERD_MS.server / 2);
  await send(origin, "GET", "/");
  assert.notEqual(ports[2], ports[1]);
});

test("servers that the Worker calls leave it to the Worker to end an idle connection", async () => {
  ports.length = 0;
  const agent = new Agent({ keepAlive: true });
  for (const wait of [0, WORKERD_MS.client + 2_000]) {
    await sleep(wait);
    const [answer] = await once(get(origin, { agent }), "response");
    await once(answer.resume(), "end");
  }
  assert.equal(ports[0], ports[1]);
  agent.destroy();
});
