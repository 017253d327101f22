/** The issuer's keys: fetched seldom, however many unknown keys callers name, and still used during an outage. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError } from "./support/errors.mjs";
import { serviceForThisFile } from "./support/service.mjs";
import { until } from "./support/until.mjs";

const service = await serviceForThisFile({ instrumented: true });

const MINUTE = 60_000;
const JWKS = { path: "/.well-known/jwks.json" };
const published = /** @type {object} */ (await (await fetch(`${service.issuer}.well-known/jwks.json`)).json());

/** The Worker's clock only ever goes forward, over all tests of this file: its cache outlives each of them. */
let ahead = 0;
/** @param {number} ms */
const later = (ms) => {
  ahead += ms;
  return service.instruments({ aheadMs: ahead });
};
const fetches = () => service.upstream().keySets.length;

/** A call with a right key and a token made now. */
function knock(order = {}) {
  const claims = { email: "ada@smartphonekey.com", email_verified: true, exp: Math.floor((Date.now() + ahead) / 1000) + 3600 };
  return service.call("GET", "/admin/api-keys", {
    headers: { "x-admin-api-key": service.adminKey, authorization: `Bearer ${service.mint({ claims, ...order })}` },
  });
}
/** @param {number} count @param {object} [order] */
const knocks = (count, order) => Promise.all(Array.from({ length: count }, () => knock(order)));

// First in this file: once keys were fetched, the Worker always has some.
describe("before any keys were fetched", () => {
  for (const [what, action] of Object.entries({
    fails: { status: 500 },
    "is not there": { status: 404 },
    "is a page": { html: true },
    "is no key set": { status: 200, body: { keys: "none" } },
    "is larger than 64 KiB": { status: 200, body: { ...published, padding: "x".repeat(64 * 1024) } },
    "does not come within 5 s": { hang: true },
  })) {
    test(`a document that ${what} makes every token 503`, async () => {
      service.sim.fault({ match: JWKS, times: "always", action });
      const answer = await knock();
      assertError(answer, 503);
      assert.ok(Number(answer.headers["retry-after"]) >= 1);
      assert.equal(answer.headers["x-d1-round-trips"], "0");
      assert.deepEqual(service.upstream().all, []);
      assert.equal(fetches(), 1, "asked for once");
      await later(2000);
    });
  }

  test("a wrong admin key, or no well-formed token, causes no fetch", async () => {
    assertError(
      await service.call("GET", "/admin/api-keys", { headers: { "x-admin-api-key": "wrong", authorization: "Bearer a.b.c" } }),
      401,
    );
    assertError(await service.call("GET", "/admin/api-keys", { headers: { "x-admin-api-key": service.adminKey } }), 401);
    assertError(
      await service.call("GET", "/admin/api-keys", {
        headers: { "x-admin-api-key": service.adminKey, authorization: "Bearer a.b.c" },
      }),
      401,
    );
    assert.equal(fetches(), 0);
  });

  test("a document just below 64 KiB is read", async () => {
    service.sim.fault({ match: JWKS, action: { status: 200, body: { ...published, padding: "x".repeat(60 * 1024) } } });
    assert.equal((await knock()).status, 200);
    assert.equal(fetches(), 1);
  });
});

describe("once there are keys", () => {
  test("they are kept", async () => {
    for (const { status } of await knocks(20)) assert.equal(status, 200);
    assert.equal((await knock({ alg: "ES256" })).status, 200);
    assert.equal(fetches(), 0);
  });

  test("unknown key ids cost at most one fetch a minute, however many come", async () => {
    await later(2 * MINUTE);
    for (let count = 0; count < 5; count += 1) assertError(await knock({ key: "unknown" }), 401);
    assert.equal(fetches(), 1);
    await later(30_000);
    for (const answer of await knocks(10, { key: "unknown" })) assertError(answer, 401);
    assert.equal(fetches(), 1);
    assert.equal((await knock()).status, 200, "known ones are good meanwhile");
    await later(31_000);
    for (const answer of await knocks(10, { key: "unknown" })) assertError(answer, 401);
    assert.ok(fetches() >= 2 && fetches() <= 3, `${fetches()} fetches`);
  });

  test("a new key is found by its unknown id, and a dropped one is refused from then on", async () => {
    await later(2 * MINUTE);
    const old = service.mint({ claims: { email: "ada@smartphonekey.com", email_verified: true }, expiresInSeconds: 86_400 });
    const withOld = () =>
      service.call("GET", "/admin/api-keys", {
        headers: { "x-admin-api-key": service.adminKey, authorization: `Bearer ${old}` },
      });
    assert.equal((await withOld()).status, 200);
    service.sim.rotateKeys();
    assert.equal((await knock()).status, 200);
    assert.equal(fetches(), 1);
    assertError(await withOld(), 401);
    assert.equal(fetches(), 1);
  });

  for (const [what, action] of Object.entries({
    fails: { status: 500 },
    "is empty": { status: 200, body: "" },
    "is a page": { html: true },
  })) {
    test(`an outage of hours is survived: the document ${what}`, async () => {
      service.sim.fault({ match: JWKS, times: "always", action });
      for (let hour = 0; hour < 3; hour += 1) {
        await later(60 * MINUTE);
        const before = fetches();
        for (let count = 0; count < 5; count += 1) assert.equal((await knock()).status, 200);
        await until(() => fetches() === before + 1);
        assertError(await knock({ key: "unknown" }), 401);
      }
      assert.ok(fetches() >= 1, "it was tried");
    });
  }

  test("after five minutes they are fetched again", async () => {
    await later(6 * MINUTE);
    assert.equal((await knock()).status, 200);
    await until(() => fetches() === 1);
  });

  test("after a day without success they are gone", async () => {
    service.sim.fault({ match: JWKS, times: "always", action: { status: 500 } });
    await later(25 * 60 * MINUTE);
    assertError(await knock(), 503);
  });
});
