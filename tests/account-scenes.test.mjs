/** Which dashboard a user wants for a scene: one for each scene of the team they are in. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertDenied, assertInvalid, assertProblem, assertUser, ONLY_ME } from "./support/accounts.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Caller } from "./support/accounts.mjs" */

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const TEAM = 7;
const OTHER_TEAM = 8;
const NO_DASHBOARD = "Dashboard must be provided.";
const NO_SCENE = "Scene must be provided.";
const ANOTHERS = "Dashboard must belong to the user's current team.";

/** @param {Caller} caller @param {unknown} body @param {string} [uuid] */
const choose = (caller, body, uuid) => api.post(caller, "scene_personalisation", body, uuid);
/** @param {Caller} caller @param {string} scene @param {number | string} dashboard @param {string} [uuid] */
const chosen = async (caller, scene, dashboard, uuid) =>
  assertUser(await choose(caller, { scene, dashboard }, uuid)).scene_personalisation;

/** A user of the team, and dashboards of it. */
async function settled() {
  const user = await service.addUser();
  await api.joins(user, TEAM);
  return { user, dashboards: [await api.dashboard(TEAM, "A"), await api.dashboard(TEAM, "B"), await api.dashboard(TEAM, "C")] };
}

describe("a choice", () => {
  test("is shown in the full user, in the order in which scenes came", async () => {
    const {
      user,
      dashboards: [a, b, c],
    } = await settled();
    assert.deepEqual(await chosen(user, "Persons", b), [{ scene: "Persons", dashboard: b }]);
    await chosen(user, "Doors", a);
    assert.deepEqual(await chosen(user, "Alarms", a), [
      { scene: "Persons", dashboard: b },
      { scene: "Doors", dashboard: a },
      { scene: "Alarms", dashboard: a },
    ]);
    const replaced = [
      { scene: "Persons", dashboard: c },
      { scene: "Doors", dashboard: a },
      { scene: "Alarms", dashboard: a },
    ];
    assert.deepEqual(await chosen(user, "Persons", c), replaced, "another dashboard keeps the place");
    const { uuid, team, scene_personalisation: kept } = await api.user(user);
    assert.deepEqual([uuid, team, kept], [user.id, { id: TEAM }, replaced]);
  });

  test("takes a dashboard's id as a number or as its digits", async () => {
    const {
      user,
      dashboards: [a],
    } = await settled();
    for (const dashboard of [a, String(a)])
      assert.deepEqual(await chosen(user, "Doors", dashboard), [{ scene: "Doors", dashboard: a }]);
  });

  test("takes scenes of 1 to 200 characters, as they are", async () => {
    const {
      user,
      dashboards: [a],
    } = await settled();
    const scenes = ["x", "ü".repeat(200), "Doors", "doors", "'; DROP TABLE users; --", "@me"];
    for (const scene of scenes) await chosen(user, scene, a);
    assert.deepEqual(
      (await api.user(user)).scene_personalisation.map((/** @type {{scene: string}} */ { scene }) => scene),
      scenes,
    );
    assertInvalid(
      await choose(user, { scene: "x".repeat(201), dashboard: a }),
      "max_length",
      "scene",
      "Ensure this field has no more than 200 characters.",
    );
  });

  test("is made for the caller and their own team, whatever the body says", async () => {
    const {
      user,
      dashboards: [a],
    } = await settled();
    const other = await service.addUser();
    await api.joins(other, TEAM);
    assertUser(await choose(user, { scene: "Doors", dashboard: a, user: other.id, team: OTHER_TEAM, id: 1 }));
    assert.deepEqual((await api.user(user)).scene_personalisation, [{ scene: "Doors", dashboard: a }]);
    assert.deepEqual((await api.user(other)).scene_personalisation, []);
  });

  test("belongs to a team: another team has its own, and the first team's are kept", async () => {
    const {
      user,
      dashboards: [a, b],
    } = await settled();
    const there = await api.dashboard(OTHER_TEAM);
    await chosen(user, "Doors", a);
    await chosen(user, "Alarms", b);
    await api.joins(user, OTHER_TEAM);
    assert.deepEqual((await api.user(user)).scene_personalisation, []);
    assert.deepEqual(await chosen(user, "Doors", there), [{ scene: "Doors", dashboard: there }]);
    await api.joins(user, TEAM);
    assert.deepEqual((await api.user(user)).scene_personalisation, [
      { scene: "Doors", dashboard: a },
      { scene: "Alarms", dashboard: b },
    ]);
  });

  test("is possible for 200 scenes of a team, and those can still be changed", async () => {
    const {
      user,
      dashboards: [a, b],
    } = await settled();
    await chosen(user, "Doors", a);
    const others = JSON.stringify(Array.from({ length: 199 }, (_, index) => `scene ${index}`));
    await service.sql(
      `INSERT INTO scene_personalisations (user_id, team_id, scene, dashboard_id)
       SELECT user_id, team_id, one.value, dashboard_id FROM scene_personalisations, json_each(?) one`,
      others,
    );
    assertInvalid(await choose(user, { scene: "One more", dashboard: a }), "invalid_input", "scene");
    const kept = await chosen(user, "Doors", b);
    assert.deepEqual([kept.length, kept[0]], [200, { scene: "Doors", dashboard: b }]);
  });

  test("is audited", async () => {
    const {
      user,
      dashboards: [a],
    } = await settled();
    await chosen(user, "Doors", a);
    const { actor, action, subject } = (await service.audit()).at(-1);
    assert.deepEqual([actor, action, subject], [`user:${user.id}`, "scene.personalise", user.id]);
  });
});

describe("what is refused", () => {
  /** What is sent for what; `known` is a dashboard of the team, `foreign` one of another. */
  const BODIES = /** @type {Record<string, [(ids: any) => any, string, string | null, string?]>} */ ({
    nothing: [() => ({}), "invalid_input", null, NO_DASHBOARD],
    "no body": [() => undefined, "invalid_input", null, NO_DASHBOARD],
    "no dashboard": [() => ({ scene: "Doors" }), "invalid_input", null, NO_DASHBOARD],
    "no dashboard and a scene too long": [() => ({ scene: "x".repeat(201) }), "invalid_input", null, NO_DASHBOARD],
    "null for a dashboard": [() => ({ scene: "Doors", dashboard: null }), "null", "dashboard"],
    "blank for a dashboard": [() => ({ scene: "Doors", dashboard: "" }), "incorrect_type", "dashboard"],
    "no scene": [({ known }) => ({ dashboard: known }), "invalid_input", null, NO_SCENE],
    "no scene and an unknown dashboard": [() => ({ dashboard: 999_999 }), "invalid_input", null, NO_SCENE],
    "null for a scene": [({ known }) => ({ scene: null, dashboard: known }), "null", "scene"],
    "blank for a scene": [({ known }) => ({ scene: "", dashboard: known }), "blank", "scene"],
    "blanks for a scene": [({ known }) => ({ scene: "  ", dashboard: known }), "blank", "scene"],
    "a number for a scene": [({ known }) => ({ scene: 7, dashboard: known }), "invalid_input", "scene", "Not a valid string."],
    "a list for a scene": [
      ({ known }) => ({ scene: ["Doors"], dashboard: known }),
      "invalid_input",
      "scene",
      "Not a valid string.",
    ],
    "a NUL in a scene": [({ known }) => ({ scene: "a\u0000", dashboard: known }), "invalid_input", "scene"],
    "an unknown dashboard": [
      () => ({ scene: "Doors", dashboard: 999_999 }),
      "does_not_exist",
      "dashboard",
      "There is no such dashboard.",
    ],
    "an unknown dashboard in digits": [
      () => ({ scene: "Doors", dashboard: "999999" }),
      "does_not_exist",
      "dashboard",
      "There is no such dashboard.",
    ],
    "another team's dashboard": [
      ({ foreign }) => ({ scene: "Doors", dashboard: foreign }),
      "invalid_input",
      "dashboard",
      ANOTHERS,
    ],
    ...Object.fromEntries(
      [true, {}, [], [1], "x", "1x", "1.0", "01", "+1", "0x1", "１", 1.5, 1e300, "99999999999999999999"].map((dashboard) => [
        `${JSON.stringify(dashboard)} for a dashboard`,
        [() => ({ scene: "Doors", dashboard }), "incorrect_type", "dashboard", "Incorrect type. Expected a dashboard's id."],
      ]),
    ),
  });

  for (const [what, [bodyOf, code, attr, detail]] of Object.entries(BODIES)) {
    test(`${what}: ${code} of ${attr}`, async () => {
      const {
        user,
        dashboards: [known],
      } = await settled();
      const foreign = await api.dashboard(OTHER_TEAM);
      assertInvalid(await choose(user, bodyOf({ known, foreign })), code, attr, detail);
      assert.deepEqual((await api.user(user)).scene_personalisation, []);
    });
  }

  test("a dashboard to a user without a team", async () => {
    assertInvalid(
      await choose(await service.addUser(), { scene: "Doors", dashboard: await api.dashboard(TEAM) }),
      "invalid_input",
      "dashboard",
      ANOTHERS,
    );
  });
});

describe("for another user", () => {
  test("administrators choose within that user's team", async () => {
    const {
      user,
      dashboards: [a],
    } = await settled();
    const support = await service.addUser();
    await api.joins(support, OTHER_TEAM);
    assert.deepEqual(await chosen(api.administrator(), "Doors", a, user.id), [{ scene: "Doors", dashboard: a }]);
    assert.deepEqual((await api.user(user)).scene_personalisation, [{ scene: "Doors", dashboard: a }]);
    assert.deepEqual((await api.user(api.staff(support))).scene_personalisation, []);
    assertInvalid(
      await choose(api.administrator(), { scene: "Doors", dashboard: await api.dashboard(OTHER_TEAM) }, user.id),
      "invalid_input",
      "dashboard",
      ANOTHERS,
    );
    assertDenied(await choose(api.staff(support), { scene: "Doors", dashboard: a }, user.id));
    const { actor, subject } = (await service.audit()).findLast(({ action }) => action === "scene.personalise");
    assert.match(actor, /^admin-key:/);
    assert.equal(subject, user.id);
  });

  test("a user may not choose, and staff get 404 for an unknown user", async () => {
    const {
      user,
      dashboards: [a],
    } = await settled();
    assertDenied(await choose(await service.addUser(), { scene: "Doors", dashboard: a }, user.id), ONLY_ME);
    assertProblem(await choose(api.staff(), { scene: "Doors", dashboard: a }, "nobody"), 404, "invalid_request", "not_found", {
      detail: "Not found.",
    });
  });
});
