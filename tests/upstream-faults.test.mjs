/**
 * 3dEye down, slow or lying: within the deadline, in our own words, and nothing is lost. Without wrangler's proxies, so a
 * connection that breaks is one that breaks.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError, servicesForThisFile } from "./support/service.mjs";

const TIMEOUT_MS = "400";
const { service, down } = await servicesForThisFile({
  service: { vars: { THREEDEYE_TIMEOUT_MS: TIMEOUT_MS, THREEDEYE_PAGE_SIZE: "4" } },
  // The discard port of loopback: nobody listens there.
  down: { vars: { THREEDEYE_TIMEOUT_MS: TIMEOUT_MS, THREEDEYE_BASE_URL: "http://127.0.0.1:9/v3" } },
});

const UPSTREAM_TEXT = "text-of-the-upstream";
const LIST = { method: "GET", path: "/users" };
const CREATE = { method: "POST", path: "/users" };
const OURS = /^(3dEye|the |not )/;

async function run() {
  const answer = await service.backfill();
  assert.equal(answer.status, 200, answer.text);
  assert.doesNotMatch(answer.text, new RegExp(UPSTREAM_TEXT));
  return answer.json;
}
/** @param {number} count */
const many = (count) => service.addUsers(Array.from({ length: count }, () => ({})));

describe("3dEye that cannot be reached", () => {
  test("is a 502 on credentials and backfill, a reason in diagnostics, and told inside a reset", async () => {
    const [asking, deleted, reprovisioned] = await down.addUsers([{}, {}, {}]);
    const answers = await Promise.all([
      down.credentials(asking),
      down.reset(deleted, { deleteRemote: true }),
      down.reset(reprovisioned, { reprovision: true }),
      down.diagnose("nobody"),
    ]);
    const told = [
      answers[0].json.message,
      answers[1].json.message,
      answers[2].json.reprovision.error,
      answers[3].json.remote.error,
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [502, 502, 200, 200],
    );
    assert.deepEqual(
      told,
      told.map(() => "3dEye is unavailable"),
    );
    assertError(await down.backfill(), 502, "3dEye is unavailable");
    const [{ status }] = await down.runs();
    assert.equal(status, "ended_early");
  });
});

describe("a list that", () => {
  for (const [what, action] of Object.entries({
    "is a 500": { status: 500, body: { message: UPSTREAM_TEXT } },
    "is a 503 in HTML": { status: 503, contentType: "text/html", body: `<h1>${UPSTREAM_TEXT}</h1>` },
    "is a login page": { html: true },
    "is cut off": { truncated: true },
    "is 50 MB": { huge: 50 * 1024 * 1024 },
    "is 5 MB in chunks that are announced as two bytes": {
      status: 200,
      contentType: "application/json",
      body: `{"data":[],"total":0}${" ".repeat(5 * 1024 * 1024)}`,
      headers: { "content-length": "2", "transfer-encoding": "chunked" },
    },
    hangs: { hang: true },
    "hangs in its body": { hangBody: true },
    "breaks the connection": { reset: "before" },
    "is empty": { status: 200, contentType: "application/json", body: "" },
    "is null": { status: 200, contentType: "application/json", body: "null" },
    "is a text": { status: 200, body: JSON.stringify(UPSTREAM_TEXT), contentType: "application/json" },
    "has no users in it": { status: 200, body: { data: UPSTREAM_TEXT } },
    "has an object in the place of users": { status: 200, body: { data: { id: 1 } } },
    "has a number for an e-mail": { status: 200, body: { data: [{ id: "1", email: 7, roles: [] }], total: 1 } },
    "has an object for an id": { status: 200, body: { data: [{ id: {}, email: "a@example.com", roles: [] }], total: 1 } },
    "has roles without ids": {
      status: 200,
      body: { data: [{ id: "1", email: "a@example.com", roles: [{ name: "x" }] }], total: 1 },
    },
    "is nested deeply": { status: 200, contentType: "application/json", body: `{"data":${"[".repeat(5000)}${"]".repeat(5000)}}` },
    "sends us elsewhere": { status: 302, headers: { location: "/v3/users?customerId=elsewhere" } },
    "is forbidden": { status: 403, body: { message: UPSTREAM_TEXT } },
    "is a 401 for ever": { status: 401, body: { message: UPSTREAM_TEXT } },
    "is not there": { status: 404, body: { message: UPSTREAM_TEXT } },
  })) {
    test(`${what}: 502 in our words, and nothing is lost`, async () => {
      const [user, other] = await many(2);
      service.sim.fault({ match: LIST, times: "always", action });
      const answer = await service.credentials(user);
      assertError(answer, 502, OURS);
      assert.doesNotMatch(answer.text, new RegExp(UPSTREAM_TEXT));
      const { creates, deletes, lists } = service.upstream();
      assert.deepEqual([creates, deletes], [[], []], "nothing is concluded from it");
      // Three tries and one renewal of the token. The runtime itself repeats a GET when a kept connection breaks.
      assert.ok(lists.length <= (action.reset ? 8 : 4), `${lists.length} lists`);
      service.sim.clearFaults();
      assert.equal((await run()).created, 2);
      for (const one of [user, other]) await service.assertProvisioned(one);
    });
  }

  for (const [what, action] of Object.entries({
    "fails once": { status: 500 },
    "hangs once": { hang: true },
    "breaks the connection once": { reset: "after" },
  })) {
    test(`${what} is asked for again`, async () => {
      const user = await service.addUser();
      service.sim.fault({ match: LIST, action });
      await service.assertProvisioned(user);
      assert.equal(service.upstream().creates.length, 1);
    });
  }

  test("fails on a later page concludes nothing from the earlier ones", async () => {
    service.sim.seed({ generate: { count: 10, customerId: service.customer } });
    const user = await service.addUser({ email: "user-9@example.com" });
    service.sim.fault({ match: LIST, skip: 1, times: "always", action: { status: 403 } });
    assertError(await service.credentials(user), 502);
    assert.deepEqual(service.upstream().creates, []);
  });
});

describe("Retry-After", () => {
  /** @param {number} seconds */
  const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toUTCString();
  for (const [what, retryAfter] of Object.entries({
    "as seconds": 1,
    "as a date": inSeconds(1),
    absent: null,
    "as 0": 0,
    "as a date in the past": inSeconds(-100),
    negative: "-5",
    "in words": "soon",
    absurd: "99999999999999999999",
    "in fractions": "0.5",
  })) {
    test(`${what}: a list that is limited once is asked for again`, async () => {
      const user = await service.addUser();
      service.sim.fault({ match: LIST, action: { rateLimit: { retryAfter } } });
      await service.assertProvisioned(user);
      const [limited, again] = service.upstream().lists;
      assert.equal(limited.status, 429);
      if (what === "as seconds") assert.ok(again.at - limited.at >= 950, "and not before");
    });

    test(`${what}: a create that is limited ends the run, and is not lost`, async () => {
      const users = await many(9);
      service.sim.fault({ match: CREATE, times: 9, action: { rateLimit: { retryAfter } } });
      const first = await run();
      assert.deepEqual([first.success, first.created], [false, 0]);
      assert.ok(service.upstream().creates.length <= 6, "no new one is begun");
      service.sim.clearFaults();
      assert.equal((await run()).created, 9);
      assert.equal(service.sim.users().length, users.length);
    });
  }
});
