/** /admin/dashboards and /admin/users/{userId}/team: dashboards, and who is in which team. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { assertError } from "./support/errors.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Answer } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });

const DASHBOARDS = "/admin/dashboards";
const LARGEST = Number.MAX_SAFE_INTEGER;
const NO_TEAM = `teamId: expected an integer from 1 to ${LARGEST}`;

/** @param {string} id */
const teamOf = (id) => `/admin/users/${encodeURIComponent(id)}/team`;
/** @param {unknown} [body] */
const make = (body) => service.admin("POST", DASHBOARDS, body === undefined ? {} : { json: body });
/** @param {string} id @param {unknown} [body] */
const assign = (id, body) => service.admin("PUT", teamOf(id), body === undefined ? {} : { json: body });
/** A body that is sent letter by letter: `JSON.stringify` would not write it. @param {string} body */
const literal = (body) => ({ body, headers: { "content-type": "application/json" } });

const dashboards = () => service.sql("SELECT id, team_id, name FROM dashboards ORDER BY id");
const profiles = () => service.sql("SELECT user_id, team_id, settings FROM profiles ORDER BY user_id");
const trail = async () => (await service.audit()).map(({ action, subject, outcome }) => [action, subject, outcome]);

/** Values that are no team's id, as JSON. */
const NO_TEAMS = [
  "0",
  "-1",
  "-0.5",
  "1.5",
  "9007199254740992",
  "9223372036854775808",
  "18446744073709551616",
  "1e400",
  '"7"',
  '"٧"',
  '"seven"',
  '""',
  "null",
  "true",
  "[7]",
  '{"id":7}',
];

/** @param {Answer} answer @param {number} status */
function assertDone(answer, status) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers["cache-control"], "no-store");
  assert.equal(answer.headers["x-d1-round-trips"], "1");
  return answer.json;
}

describe("a dashboard", () => {
  test("is made with a team and a name", async () => {
    const made = assertDone(await make({ teamId: 7, name: "Front door" }), 201);
    assert.deepEqual(made, { id: made.id, teamId: 7, name: "Front door" });
    assert.deepEqual(await dashboards(), [{ id: made.id, team_id: 7, name: "Front door" }]);
  });

  test("is made with a team's id however JSON writes it", async () => {
    for (const [written, teamId] of [
      ["557884163423.0", 557884163423],
      ["1e3", 1000],
    ])
      assert.equal(
        assertDone(await service.admin("POST", DASHBOARDS, literal(`{"teamId":${written},"name":"x"}`)), 201).teamId,
        teamId,
      );
  });

  test("is another one each time, also of the same name and at once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => make({ teamId: 7, name: "Front door" })));
    const ids = answers.map((answer) => assertDone(answer, 201).id);
    assert.equal(new Set(ids).size, 8);
    const subjects = (await service.audit()).map(({ subject }) => subject);
    assert.deepEqual(subjects.sort(), ids.map((id) => `dashboard:${id}`).sort());
  });

  test("has an id that is never given out again", async () => {
    const { id } = assertDone(await make({ teamId: 7, name: "a" }), 201);
    await service.sql("DELETE FROM dashboards");
    assert.equal(assertDone(await make({ teamId: 7, name: "b" }), 201).id, id + 1);
  });

  test("takes teams up to what JSON carries exactly", async () => {
    for (const teamId of [1, LARGEST]) assert.equal(assertDone(await make({ teamId, name: "x" }), 201).teamId, teamId);
    assert.deepEqual(
      (await service.sql("SELECT CAST(team_id AS TEXT) AS team FROM dashboards ORDER BY id")).map(({ team }) => team),
      ["1", String(LARGEST)],
    );
  });

  test("has a name of 1 to 200 characters, whatever is around it", async () => {
    for (const [given, kept] of [
      ["  Türe 7 \n", "Türe 7"],
      ["\u00a0\u2003x\u3000", "x"],
      ["🚪".repeat(200), "🚪".repeat(200)],
      [` ${"a".repeat(200)} `, "a".repeat(200)],
      ["'; --", "'; --"],
    ]) {
      assert.equal(assertDone(await make({ teamId: 7, name: given }), 201).name, kept);
    }
  });

  test("is not made of anything else, and the field is named", async () => {
    for (const [body, message] of /** @type {[unknown, string][]} */ ([
      [{}, "teamId: required"],
      [{ name: "x" }, "teamId: required"],
      [{ teamId: 7 }, "name: required"],
      [{ teamId: 7, name: null }, "name: expected a string"],
      [{ teamId: 7, name: 7 }, "name: expected a string"],
      [{ teamId: 7, name: ["x"] }, "name: expected a string"],
      [{ teamId: 7, name: "" }, "name: must not be empty"],
      [{ teamId: 7, name: " \t\u2003\n" }, "name: must not be empty"],
      [{ teamId: 7, name: "a".repeat(201) }, "name: must be at most 200 characters"],
      [{ teamId: 7, name: "a\u0000b" }, "name: must not contain control characters"],
      [{ teamId: 7, name: "a\nb" }, "name: must not contain control characters"],
      [{ teamId: 7, name: "a\u0085b" }, "name: must not contain control characters"],
      [{ teamId: 7, name: "x", id: 1 }, "id: unknown field"],
      [{ team_id: 7, name: "x" }, "team_id: unknown field"],
      [[7, "x"], "body: expected a JSON object"],
      ["x", "body: expected a JSON object"],
      [null, "body: expected a JSON object"],
    ]))
      assertError(await make(body), 400, message);
    for (const team of NO_TEAMS) {
      assertError(
        await service.admin("POST", DASHBOARDS, literal(`{"teamId": ${team}, "name": "x"}`)),
        400,
        /^(teamId: expected an integer from 1 to|body: not valid JSON)/,
      );
    }
    assertError(
      await service.admin("POST", DASHBOARDS, literal('{"teamId": 7, "teamId": 8, "name": "x"}')),
      400,
      "teamId: given more than once",
    );
    assertError(await service.admin("POST", DASHBOARDS, literal("{")), 400, "body: not valid JSON");
    assertError(await service.admin("POST", `${DASHBOARDS}?teamId=7`, { json: { teamId: 7, name: "x" } }), 400);
    assertError(await make(), 415);
    assert.deepEqual([await dashboards(), await trail()], [[], []]);
  });
});

describe("the team of a user", () => {
  test("is set, and set anew", async () => {
    const [ada, bob] = await service.addUsers([{}, {}]);
    for (const teamId of [7, 8]) {
      assert.deepEqual(assertDone(await assign(ada.id, { teamId }), 200), { userId: ada.id, teamId });
      assert.deepEqual(
        (await profiles()).map(({ user_id: user, team_id: team }) => [user, team]),
        [[ada.id, teamId]],
      );
    }
    assertDone(await assign(bob.id, { teamId: 8 }), 200);
    assert.deepEqual(await trail(), [
      ["team.assign", ada.id, "team 7"],
      ["team.assign", ada.id, "team 8"],
      ["team.assign", bob.id, "team 8"],
    ]);
  });

  test("set again changes nothing, and leaves no trace", async () => {
    const { id } = await service.addUser();
    const answers = await Promise.all(Array.from({ length: 8 }, () => assign(id, { teamId: 7 })));
    for (const answer of answers) assert.deepEqual(assertDone(answer, 200), { userId: id, teamId: 7 });
    assert.deepEqual(await trail(), [["team.assign", id, "team 7"]]);
  });

  test("leaves the rest of a profile alone", async () => {
    const { id } = await service.addUser();
    await service.sql(
      "INSERT INTO profiles (user_id, settings, pending_email, updated_at) VALUES (?, ?, 'a@residents.example', 1)",
      id,
      '{"first_name":"Ada"}',
    );
    assertDone(await assign(id, { teamId: LARGEST }), 200);
    const [profile, ...more] = await service.sql("SELECT settings, pending_email, CAST(team_id AS TEXT) AS team FROM profiles");
    assert.deepEqual(
      [profile, more],
      [{ settings: '{"first_name":"Ada"}', pending_email: "a@residents.example", team: String(LARGEST) }, []],
    );
  });

  test("is that of a user who exists, with or without an e-mail", async () => {
    const { id } = await service.addUser({ email: null });
    assertDone(await assign(id, { teamId: 7 }), 200);
    await service.sql("DELETE FROM users");
    await service.sql("DELETE FROM audit_log");
    for (const nobody of [id, "nobody", id.toUpperCase(), "'; --", "x".repeat(128)]) {
      assertError(await assign(nobody, { teamId: 7 }), 404, "User not found");
    }
    assertError(await assign("x".repeat(129), { teamId: 7 }), 400, "userId: must be at most 128 characters");
    assert.deepEqual([await profiles(), await trail()], [[], []]);
  });

  test("is not set to anything else, and the field is named", async () => {
    const { id } = await service.addUser();
    for (const [body, message] of /** @type {[unknown, string][]} */ ([
      [{}, "teamId: required"],
      [{ teamId: 7, userId: id }, "userId: unknown field"],
      [{ teamId: null }, NO_TEAM],
      [{ teamId: 0 }, NO_TEAM],
      [[7], "body: expected a JSON object"],
      [7, "body: expected a JSON object"],
    ]))
      assertError(await assign(id, body), 400, message);
    for (const team of NO_TEAMS) {
      assertError(
        await service.admin("PUT", teamOf(id), literal(`{"teamId": ${team}}`)),
        400,
        /^(teamId: expected an integer from 1 to|body: not valid JSON)/,
      );
    }
    assertError(await service.admin("PUT", `${teamOf(id)}?x=1`, { json: { teamId: 7 } }), 400);
    assertError(await assign(id), 415);
    assert.deepEqual([await profiles(), await trail()], [[], []]);
  });
});

describe("the audit trail", () => {
  test("tells who did it, in which request and from where", async () => {
    const { id } = await service.addUser();
    const headers = { "cf-connecting-ip": "192.0.2.7" };
    const made = await service.admin("POST", DASHBOARDS, { json: { teamId: 7, name: "x" }, headers });
    const assigned = await service.admin("PUT", teamOf(id), { json: { teamId: 7 }, headers });
    const rows = await service.sql("SELECT action, subject, outcome, request_id, actor, address FROM audit_log ORDER BY id");
    assert.deepEqual(
      rows.map(({ actor, address, ...row }) => row),
      [
        {
          action: "dashboard.create",
          subject: `dashboard:${made.json.id}`,
          outcome: "team 7",
          request_id: made.headers["x-request-id"],
        },
        { action: "team.assign", subject: id, outcome: "team 7", request_id: assigned.headers["x-request-id"] },
      ],
    );
    for (const { actor, address } of rows) {
      assert.match(actor, /^admin-key:[0-9a-f]{8} a\*\*\*@smartphonekey\.com \(auth0\|ada\)$/);
      assert.equal(address, "192.0.2.7");
    }
  });
});
