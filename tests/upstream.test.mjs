/**
 * 3dEye over real connections that break, hang or bring too much. What follows from each answer is shown natively
 * (src/provisioning/endpoints/tests); here it is shown that the runtime's fetch tells them apart. Without wrangler's proxies,
 * which would answer in place of a connection that breaks.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError } from "./support/errors.mjs";
import { servicesForThisFile } from "./support/service.mjs";

const TIMEOUT_MS = "400";
const { service, patient, down } = await servicesForThisFile({
  service: { vars: { THREEDEYE_TIMEOUT_MS: TIMEOUT_MS, THREEDEYE_PAGE_SIZE: "4" } },
  // A busy machine takes longer for what is read to its end.
  patient: { vars: { THREEDEYE_TIMEOUT_MS: "20000", THREEDEYE_PAGE_SIZE: "4" } },
  // The discard port of loopback: nothing listens there.
  down: { vars: { THREEDEYE_TIMEOUT_MS: TIMEOUT_MS, THREEDEYE_BASE_URL: "http://127.0.0.1:9/v3" } },
});

const LIST = { method: "GET", path: "/users" };
const CREATE = { method: "POST", path: "/users" };
const UNREADABLE = "3dEye's answer was unreadable";

describe("3dEye that cannot be reached", () => {
  test("is a 502", async () => {
    assertError(await down.credentials(await down.addUser()), 502, "3dEye is unavailable");
  });
});

describe("a list that", () => {
  for (const [what, action, message] of /** @type {[string, object, string][]} */ ([
    ["is cut off", { truncated: true }, UNREADABLE],
    ["is 50 MB", { huge: 50 * 1024 * 1024 }, UNREADABLE],
    [
      "is 5 MB in chunks that are announced as two bytes",
      {
        status: 200,
        contentType: "application/json",
        body: `{"data":[],"total":0}${" ".repeat(5 * 1024 * 1024)}`,
        headers: { "content-length": "2", "transfer-encoding": "chunked" },
      },
      UNREADABLE,
    ],
    [
      "is nested deeply",
      { status: 200, contentType: "application/json", body: `{"data":${"[".repeat(5000)}${"]".repeat(5000)}}` },
      UNREADABLE,
    ],
    [
      "sends us elsewhere",
      { status: 302, headers: { location: "/v3/users?customerId=elsewhere" } },
      "3dEye refused the request with status 302",
    ],
  ])) {
    test(`${what} is a 502 in our words, and concludes nothing`, async () => {
      const user = await patient.addUser();
      patient.sim.fault({ match: LIST, times: "always", action });
      assertError(await patient.credentials(user), 502, message);
      const { creates, deletes, lists } = patient.upstream();
      assert.deepEqual([creates, deletes], [[], []]);
      // One more, as the token of the test before is not valid any more.
      assert.ok(lists.length <= 2, `${lists.length} lists`);
      patient.sim.clearFaults();
      await patient.assertProvisioned(user);
    });
  }

  for (const [what, action] of /** @type {[string, object][]} */ ([
    ["hangs", { hang: true }],
    ["hangs in its body", { hangBody: true }],
    ["breaks the connection", { reset: "before" }],
  ])) {
    test(`${what} is asked for again`, async () => {
      const user = await service.addUser();
      service.sim.fault({ match: LIST, action });
      await service.assertProvisioned(user);
      assert.ok(service.upstream().lists.length >= 2);
      assert.equal(service.upstream().creates.length, 1);
    });
  }
});

describe("a create whose answer is lost", () => {
  test("after it took effect: the account is adopted, and not made a second time", async () => {
    // Five in a row would end the run.
    for (const action of [
      { hang: true, after: true },
      { truncated: true, after: true },
      { hangBody: true, after: true },
      { reset: "after" },
    ]) {
      const { email } = await service.addUser();
      service.sim.fault({ match: { ...CREATE, email }, action: /** @type {any} */ (action) });
    }
    const { json, text } = await service.backfill();
    assert.deepEqual([json.created, json.failed], [4, 0], text);
    assert.deepEqual([service.upstream().creates.length, service.upstream().deletes], [4, []]);
    for (const { outcome } of await service.audit()) assert.equal(outcome, "adopted");
    for (const { id, email } of await service.sql("SELECT uuid AS id, email FROM users"))
      await service.assertProvisioned({ id, email });
  });

  test("before it took effect: it is made, after the list was read again", async () => {
    const user = await service.addUser();
    service.sim.fault({ match: CREATE, action: { reset: "before" } });
    assert.equal((await service.backfill()).json.created, 1);
    const { creates, lists } = service.upstream();
    assert.equal(creates.length, 2);
    assert.ok(
      lists.some(({ seq }) => seq > creates[0].seq && seq < creates[1].seq),
      "never repeated before the list was read",
    );
    await service.assertProvisioned(user);
  });
});
