// Runs in workerd, between the instruments of the tests and the built Worker:
// adds up the rows that D1 says it read and wrote. `batch` is the only way the
// Worker takes to D1; calls are counted by the instruments, whichever way.

import { WorkerEntrypoint } from "cloudflare:workers";

import Service from "./index.js";

export default class extends WorkerEntrypoint {
  async fetch(request) {
    const rows = { read: 0, written: 0 };
    const answer = await new Service(this.ctx, metered(this.env, rows)).fetch(request);
    const told = new Response(answer.body, answer);
    told.headers.set("x-d1-rows-read", String(rows.read));
    told.headers.set("x-d1-rows-written", String(rows.written));
    return told;
  }
}

function metered(env, rows) {
  const batch = async (statements) => {
    const results = await env.DB.batch(statements);
    for (const { meta } of results) {
      rows.read += meta.rows_read;
      rows.written += meta.rows_written;
    }
    return results;
  };
  const DB = new Proxy(env.DB, { get: (real, name) => (name === "batch" ? batch : Reflect.get(real, name, real)) });
  return { ...env, DB };
}
