/** A defect that brings the Worker down costs the request that met it, and no other. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { send } from "./support/http.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ wrangler: true, instrumented: true });

for (const time of ["first", "second"]) {
  test(`the ${time} breakdown fails one request, and the next finds the Worker set up anew`, async () => {
    await service.instruments({ breaksAtClock: true });
    // workerd's own 500, which has no request id.
    assert.equal((await send(service.url, "GET", "/health")).status, 500);
    for (let i = 0; i < 3; i += 1) assert.equal((await service.call("GET", "/health")).status, 200);
    assert.equal((await service.admin("GET", "/admin/api-keys")).status, 200);
  });
}
