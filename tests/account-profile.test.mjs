/** The full user, read and changed: every field of a profile, merged and replaced; by the user and by staff. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Accounts, assertDenied, assertInvalid, assertProblem, assertUser, HOUR, ONLY_ME } from "./support/accounts.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

/** In bytes, of a field that holds JSON. */
const LARGEST = 16 * 1024;

const FLAGS = [
  "anonymize_data",
  "allow_impersonation",
  "allow_sidebar_suggestions",
  "hide_mcp_hints",
  "passkeys_enabled_for_2fa",
];
const OBJECTS = ["events_column_config", "has_seen_product_intro_for", "hedgehog_config"];
const CHOICES = {
  toolbar_mode: ["disabled", "toolbar", "", null],
  theme_mode: ["light", "dark", "system", "", null],
  shortcut_position: ["above", "below", "hidden", "", null],
  role_at_organization: ["engineering", "data", "product", "founder", "leadership", "marketing", "sales", "other", null],
};
const ANY_JSON = [{ active: ["a", { b: null }], ü: 1.5 }, {}, { deep: { deeper: [[]], nothing: null }, nothing: null }];

const GOOD = /** @type {Record<string, any[]>} */ ({
  first_name: ["Ada", "", "Ä".repeat(150), "O'Hara; --"],
  last_name: ["Lovelace", "", "x".repeat(150)],
  ...Object.fromEntries(FLAGS.map((name) => [name, [true, false, null]])),
  ...Object.fromEntries(OBJECTS.map((name) => [name, [...ANY_JSON, null]])),
  ...CHOICES,
});

/** The full user of whom nothing was set yet. @param {{id: string, email: string}} user @param {string} createdAt */
const newcomer = (user, createdAt) => ({
  uuid: user.id,
  date_joined: createdAt,
  first_name: "",
  last_name: "",
  email: user.email,
  pending_email: null,
  is_email_verified: null,
  notification_settings: {},
  ...Object.fromEntries([...FLAGS, ...OBJECTS, ...Object.keys(CHOICES)].map((name) => [name, null])),
  is_2fa_enabled: false,
  scene_personalisation: [],
  team: null,
});

describe("the full user", () => {
  test("has the defaults where nothing was set yet", async () => {
    const createdAt = "2023-02-03T04:05:06.789Z";
    for (const email of ["Ada@residents.example", null]) {
      const user = await service.addUser({ createdAt, email });
      assert.deepEqual(await api.user(user), newcomer(user, createdAt));
    }
  });

  test("is found by the identity provider's subject as well", async () => {
    const user = await service.addUser({ subject: "auth0|ada" });
    assert.equal((await api.user(api.bearer({ sub: "auth0|ada" }))).uuid, user.id);
  });

  test("of another is shown to staff, by its uuid", async () => {
    const [user, support] = [await service.addUser(), await service.addUser()];
    assertUser(await api.patch(user, { first_name: "Ada" }));
    for (const headers of [api.staff(), api.staff(support)]) {
      const { uuid, first_name } = await api.user(headers, user.id);
      assert.deepEqual([uuid, first_name], [user.id, "Ada"]);
    }
    assert.equal((await api.user(api.staff(support))).uuid, support.id);
    assert.equal((await api.user(api.staff(support), support.id)).uuid, support.id);
    assertDenied(await api.get(support, "", user.id), ONLY_ME);
    assertDenied(await api.get(user, "", user.id), ONLY_ME);
    assertProblem(await api.get(api.staff(), "", "nobody"), 404, "invalid_request", "not_found", { detail: "Not found." });
    assertProblem(await api.get(api.staff(), ""), 404, "invalid_request", "not_found", { detail: "Not found." });
  });
});

describe("a change", () => {
  for (const [name, values] of Object.entries(GOOD)) {
    test(`of ${name} takes ${values.length} kinds of value, and changes nothing else`, async () => {
      const user = await service.addUser();
      const before = await api.user(user);
      for (const value of [...values, values[0]]) {
        const after = assertUser(await api.patch(user, { [name]: value }));
        assert.deepEqual(after, { ...before, [name]: value });
        assert.deepEqual(await api.user(user), after);
      }
    });
  }

  test("of everything at once", async () => {
    const user = await service.addUser();
    const body = Object.fromEntries(Object.entries(GOOD).map(([name, [value]]) => [name, value]));
    const all = { ...body, notification_settings: { weekly_digest: true } };
    assert.deepEqual(assertUser(await api.patch(user, all)), { ...newcomer(user, "2024-01-15T10:30:00.000Z"), ...all });
  });

  test("of nothing changes nothing", async () => {
    const user = await service.addUser();
    const before = assertUser(await api.patch(user, { first_name: "Ada" }));
    for (const body of [undefined, {}, { nickname: "x" }]) assert.deepEqual(assertUser(await api.patch(user, body)), before);
  });

  test("leaves fields alone that a user may not change", async () => {
    const user = await service.addUser();
    const before = await api.user(user);
    const mine = {
      uuid: "mine",
      id: 1,
      date_joined: "1999-01-01T00:00:00.000Z",
      pending_email: "x@y.example",
      is_email_verified: true,
      is_2fa_enabled: true,
      scene_personalisation: [{ scene: "x", dashboard: 1 }],
      team: { id: 1 },
      team_id: 1,
      is_staff: true,
      auth_subject: "x",
      phone_number: "1",
    };
    assert.deepEqual(assertUser(await api.patch(user, mine)), before);
    assert.deepEqual(await api.user(user), before);
  });

  test("of one user leaves the others as they are", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    const his = assertUser(await api.patch(bob, { first_name: "Bob" }));
    assertUser(await api.patch(ada, { first_name: "Ada", theme_mode: "dark" }));
    assert.deepEqual(await api.user(bob), his);
  });

  test("is audited with who made it, staff or the user", async () => {
    const user = await service.addUser();
    assert.equal(assertUser(await api.patch(api.administrator(), { first_name: "Ada" }, user.id)).first_name, "Ada");
    assertUser(await api.patch(user, { last_name: "Lovelace" }));
    const trail = (await service.audit()).map(({ actor, action, subject }) => [actor, action, subject]);
    assert.deepEqual(trail, [
      [trail[0][0], "profile.update", user.id],
      [`user:${user.id}`, "profile.update", user.id],
    ]);
    assert.match(trail[0][0], /^admin-key:[0-9a-f]{8} .\*\*\*@smartphonekey\.com \(.+\)$/);
    assertDenied(await api.patch(api.staff(), { first_name: "x" }, user.id));
    assertDenied(await api.patch(user, { first_name: "x" }, user.id), ONLY_ME);
    assertProblem(await api.patch(api.staff(), { first_name: "x" }, "nobody"), 404, "invalid_request", "not_found");
  });

  test("needs no recent sign-in", async () => {
    assertUser(await api.patch(api.signedInAgo(await service.addUser(), 3 * HOUR), { first_name: "Ada" }));
  });
});

describe("notification settings", () => {
  test("are merged by key, and null takes one out", async () => {
    const user = await service.addUser();
    const steps = [
      [
        { digest: true, alarms: { doors: true } },
        { digest: true, alarms: { doors: true } },
      ],
      [{ digest: false }, { digest: false, alarms: { doors: true } }],
      [{}, { digest: false, alarms: { doors: true } }],
      [
        { digest: null, more: [1] },
        { alarms: { doors: true }, more: [1] },
      ],
      [
        { more: [{ a: null }], unknown: null },
        { alarms: { doors: true }, more: [{ a: null }] },
      ],
      [{ alarms: null, more: null }, {}],
    ];
    for (const [sent, expected] of steps)
      assert.deepEqual(assertUser(await api.patch(user, { notification_settings: sent })).notification_settings, expected);
  });

  test("stay within their size, also when they grow bit by bit", async () => {
    const user = await service.addUser();
    let kept = {};
    let answer;
    for (let count = 0; count < 50; count += 1) {
      const more = { [`key-${count}`]: "x".repeat(LARGEST / 4) };
      answer = await api.patch(user, { notification_settings: more });
      if (answer.status !== 200) break;
      kept = { ...kept, ...more };
    }
    assert.ok(answer);
    assertInvalid(answer, ["max_length", "invalid_input"], "notification_settings");
    const enough = Object.keys(kept).length;
    assert.ok(enough >= 3 && enough < 50, `${enough} times a quarter of the size`);
    assert.deepEqual((await api.user(user)).notification_settings, kept);
  });
});

describe("the limits of fields", () => {
  /** @param {number} bytes */
  const ofSize = (bytes) => ({ a: "x".repeat(bytes - JSON.stringify({ a: "" }).length) });
  const NO_TEXT = [7, true, [], {}, ["Ada"]];
  const BAD = /** @type {[string, any, string | string[], (string | RegExp)?][]} */ ([
    ...["first_name", "last_name"].flatMap((name) => [
      [name, "x".repeat(151), "max_length", "Ensure this field has no more than 150 characters."],
      [name, null, "null", "This field may not be null."],
      [name, "a\u0000b", "invalid_input"],
      ...NO_TEXT.map((value) => [name, value, "invalid_input", "Not a valid string."]),
    ]),
    ...FLAGS.flatMap((name) =>
      ["true", "yes", "", 1, 0, [], {}].map((value) => [name, value, "invalid_input", "Must be a valid boolean."]),
    ),
    ...Object.keys(CHOICES).flatMap((name) =>
      ["purple", "DARK", " ", "x".repeat(5000)].map((value) => [name, value, "invalid_choice", /^".*" is not a valid choice\.$/]),
    ),
    ...Object.keys(CHOICES).flatMap((name) =>
      [7, true, {}, []].map((value) => [name, value, ["invalid_choice", "invalid_input"]]),
    ),
    ...[...OBJECTS, "notification_settings"].map((name) => [name, ofSize(LARGEST + 1), ["max_length", "invalid_input"]]),
    ...["x", 7, true, []].map((value) => ["notification_settings", value, "invalid_input"]),
    ...[...OBJECTS, "notification_settings"].flatMap((name) =>
      [{ "a\u0000b": 1 }, { a: "b\u0000" }, { a: [1, { b: ["\u0000"] }] }, { a: { "\u0000": null } }].map((value) => [
        name,
        value,
        "invalid_input",
      ]),
    ),
  ]);

  for (const name of new Set(BAD.map(([field]) => field))) {
    test(`a bad ${name} is refused by its name, and nothing of the request is kept`, async () => {
      const user = await service.addUser();
      const before = await api.user(user);
      for (const [, value, code, detail] of BAD.filter(([field]) => field === name)) {
        assertInvalid(await api.patch(user, { [name]: value }), code, name, detail, JSON.stringify(value).slice(0, 80));
        const beside = name === "last_name" ? "first_name" : "last_name";
        assertInvalid(await api.patch(user, { [beside]: "kept?", [name]: value }), code, name, detail);
      }
      assert.deepEqual(await api.user(user), before);
      assert.deepEqual(await service.audit(), []);
    });
  }

  for (const name of OBJECTS) {
    test(`a value of ${name} that just fits is kept`, async () => {
      const value = ofSize(LARGEST);
      assert.deepEqual(assertUser(await api.patch(await service.addUser(), { [name]: value }))[name], value);
    });
  }
});
