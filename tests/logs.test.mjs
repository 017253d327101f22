/** The sweep over the log finds what it should. `Service.close` makes it over the log of every test file. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { sweep } from "./support/log-sweep.mjs";
import { serviceForThisFile } from "./support/service.mjs";
import { deployment } from "./support/worker.mjs";

const service = await serviceForThisFile({ wrangler: true });

const innocent = {
  event: "http.request",
  level: "info",
  "request.id": "req_01JZX0000000000000000000EX",
  "http.method": "GET",
  "http.route": "/health",
  "http.status": 200,
  "caller.name": "admin-key:01234567 a***@smartphonekey.com",
  "user.id": null,
  "error.cause": null,
  "duration.ms": 3,
};
/** @param {object} more */
const line = (more) => JSON.stringify({ ...innocent, ...more });

test("the platform's own lines leave the query out: clients may send keys there", () => {
  assert.equal(deployment().observability?.redact_query_string, true);
});

describe("the sweep over the log", () => {
  test("lets an innocent line pass", () => {
    assert.deepEqual(sweep([line({})], ["a-secret-of-ours"]), []);
  });

  for (const [what, text] of Object.entries({
    "a secret": line({ "error.cause": "wrong: a-secret-of-ours!" }),
    "a secret in capitals": line({ "error.cause": "A-SECRET-OF-OURS!" }),
    "an escaped secret": line({ "error.cause": encodeURIComponent("a-secret-of-ours!") }),
    "a whole e-mail": line({ "caller.name": "jane@example.com" }),
    "a token": line({ "error.cause": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0" }),
    "an API key": line({ "error.cause": `spk_${"A".repeat(43)}` }),
    "a key of an instance": line({ "error.cause": `No such key: ${"0aF".repeat(13)}1` }),
    "an undocumented field": line({ "http.url": "/health?x" }),
    "a missing field": JSON.stringify({ ...innocent, "duration.ms": undefined }),
    "a field of another type": line({ "http.status": "200" }),
    "an undocumented event": line({ event: "debug" }),
    "an unknown level": line({ level: "debug" }),
    "text that is no JSON": "Error: something broke",
    "a list": "[]",
  })) {
    test(`finds ${what}`, () => assert.notDeepEqual(sweep([text], ["a-secret-of-ours!"]), []));
  }

  test("sees the lines of real requests and runs", async () => {
    const user = await service.addUser();
    await service.scheduled();
    const answer = await service.credentials(user);
    assert.equal(answer.status, 200, answer.text);
    const log = await service.log();
    assert.deepEqual([...new Set(log.map(({ event }) => event))].sort(), ["backfill.run", "http.request"]);
    // The sweep would refuse the log of this run if it held the new account's password.
    const lines = log.map((entry) => JSON.stringify(entry));
    assert.deepEqual(sweep(lines, [answer.json.password]), []);
    assert.notDeepEqual(sweep([...lines, line({ "error.cause": answer.json.password })], [answer.json.password]), []);
  });

  test("a line tells the route's template, never the path or the query", async () => {
    const answer = await service.admin("GET", "/admin/threedeye/users/somebody-special?x=1");
    const told = await service.lineOf(answer);
    assert.equal(told["http.route"], "/admin/threedeye/users/{userId}");
    assert.doesNotMatch(JSON.stringify(told), /somebody-special/);
    assert.equal((await service.lineOf(await service.call("GET", "/no/such/thing")))["http.route"], null);
  });

  test("a level tells how it went", async () => {
    assert.equal((await service.lineOf(await service.call("GET", "/health"))).level, "info");
    assert.equal((await service.lineOf(await service.call("GET", "/admin/api-keys"))).level, "warn");
  });
});
