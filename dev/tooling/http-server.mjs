// HTTP servers on loopback that the Worker calls.

import { createServer } from "node:http";

/** Longer than workerd keeps an idle connection, so that it is the client that ends one. */
const KEEP_ALIVE_MS = 120_000;

/**
 * `createServer` of Node, which by itself ends idle connections after as many seconds as workerd: now and then just as a
 * connection is used again, a failure that is part of no test.
 * @param {import("node:http").RequestListener} [listener]
 */
export const createHttpServer = (listener) => createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, listener);
