/** Bad input to the account API: the envelope, the code and the field, never a 5xx. Fields of the profile: account-profile.test.mjs. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import {
  Accounts,
  assertFine,
  assertInvalid,
  assertNotRecent,
  assertProblem,
  assertUser,
  assertWrongToken,
  pathTo,
  totp,
} from "./support/accounts.mjs";
import { Dice } from "./support/dice.mjs";
import { routes } from "./support/openapi.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Options } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const LIMIT = 64 * 1024;
const REQUIRED = "This field is required.";
const NULL = "This field may not be null.";
const BLANK = "This field may not be blank.";
const NO_TEXT = "Not a valid string.";
/** @param {number} most */
const tooLong = (most) => `Ensure this field has no more than ${most} characters.`;

/** Every action that reads text: a body that is good as far as it goes, and how long its texts may be. */
const ACTIONS = /** @type {Record<string, {path: string, good: any, most: Record<string, number>, enrolled?: boolean}>} */ ({
  push_tokens: { path: pathTo("push_tokens"), good: { token: "a-device", platform: "ios" }, most: { token: 512 } },
  "push_tokens/unregister": { path: pathTo("push_tokens/unregister"), good: { token: "a-device" }, most: { token: 512 } },
  two_factor_validate: { path: pathTo("two_factor_validate"), good: { token: "x" }, most: { token: 128 } },
  validate_2fa: { path: pathTo("validate_2fa"), good: { token: "x" }, most: { token: 128 } },
  two_factor_verify: { path: pathTo("two_factor_verify"), good: { token: "x" }, most: { token: 128 } },
  two_factor_disable: { path: pathTo("two_factor_disable"), good: { token: "x" }, most: { token: 128 }, enrolled: true },
  verify_email: { path: pathTo("", "verify_email"), good: { uuid: "nobody", token: "x" }, most: {} },
});

/** Actions that read a body without fields that must be there. Those that read none do not look at it. */
const OTHERS = { scene_personalisation: "POST", "": "PATCH" };

/** A user for whom every action works with good fields. */
async function caller(enrolled = true) {
  const user = await service.addUser();
  const factor = enrolled ? await api.enrol(user) : undefined;
  if (enrolled) await api.start(user);
  return { user, factor };
}

describe("fields", () => {
  for (const [name, { path, good, most, enrolled }] of Object.entries(ACTIONS)) {
    for (const field of Object.keys(good)) {
      test(`${field} of ${name}`, async () => {
        const { user } = await caller(enrolled);
        /** @param {unknown} value */
        const send = (value) => api.call("POST", user, path, { ...good, [field]: value });
        const isChoice = field === "platform";
        assertInvalid(await send(undefined), "required", field, REQUIRED);
        assertInvalid(await send(null), "null", field, NULL);
        for (const value of ["", "   ", "\t\n"]) {
          if (isChoice) assertInvalid(await send(value), ["blank", "invalid_choice"], field);
          else assertInvalid(await send(value), "blank", field, BLANK, JSON.stringify(value));
        }
        for (const value of [123456, 0, 1.5, true, false, [], ["123456"], {}, { token: "123456" }]) {
          assertInvalid(
            await send(value),
            isChoice ? ["invalid_input", "invalid_choice"] : "invalid_input",
            field,
            isChoice ? undefined : NO_TEXT,
            JSON.stringify(value),
          );
        }
        if (!isChoice) assertInvalid(await send("a\u0000b"), "invalid_input", field, undefined, "NUL");
        if (most[field]) assertInvalid(await send("x".repeat(most[field] + 1)), "max_length", field, tooLong(most[field]));
        if (isChoice)
          for (const value of ["windows", "IOS", "ios,web", "x".repeat(1000)])
            assertInvalid(await send(value), "invalid_choice", field);
      });
    }
  }

  test("a code of the greatest length is read, and is wrong", async () => {
    const { user } = await caller();
    for (const action of ["two_factor_validate", "two_factor_verify", "two_factor_disable"]) {
      const caller = action === "two_factor_validate" ? api.strong(user) : user;
      assertWrongToken(await api.post(caller, action, { token: "x".repeat(128) }), action);
      assertWrongToken(await api.post(caller, action, { token: "ü".repeat(128) }), action);
    }
  });

  test("a token of an e-mail of any length is no 5xx", async () => {
    for (const token of ["x".repeat(512), "x".repeat(10_000)])
      assert.equal((await service.call("POST", pathTo("", "verify_email"), { json: { uuid: "nobody", token } })).status, 400);
  });

  test("digits of other scripts are no digits", async () => {
    const { user, factor } = await caller();
    for (const zero of [0xff10, 0x0660, 0x0966, 0x1d7ce]) {
      const code = totp(factor?.secret ?? "", api.now).replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));
      assertWrongToken(await api.verify(user, code), code);
    }
    assertFine(await api.verify(user, totp(factor?.secret ?? "", api.now)));
  });

  test("only the first faulty one is named", async () => {
    const { user } = await caller(false);
    assertInvalid(await api.post(user, "push_tokens", {}), "required", "token");
    assertInvalid(await api.post(user, "push_tokens", { platform: 7 }), "required", "token");
    assertInvalid(await api.post(user, "push_tokens", { token: "x" }), "required", "platform");
  });

  test("unknown ones are ignored, and so are unknown parameters", async () => {
    const { user, factor } = await caller();
    const codes = factor?.codes ?? [];
    const strange = { user: "bob", team: 9, uuid: "bob", ["__proto__"]: 1, constructor: {}, scope: null, "": "" };
    assertFine(
      await api.call("POST", user, `${pathTo("push_tokens")}?platform=web&x=%FF&x`, { token: "a", platform: "ios", ...strange }),
    );
    assertFine(await api.post(user, "two_factor_verify", { token: codes[0], method: "totp", ...strange }));
    assertFine(await api.call("GET", user, `${pathTo("two_factor_status")}?uuid=bob&limit=1`));
    assertFine(await api.post(user, "two_factor_backup_codes", { ...strange, token: codes[1] }));
    assertUser(await api.patch(user, { nickname: "x", password: "hunter2" }));
    assertFine(await api.post(user, "two_factor_disable", { ...strange, token: totp(factor?.secret ?? "", api.now) }));
  });
});

/** Every way to reach an action that takes a body, with whom. @param {{id: string}} user */
const doors = (user) =>
  [
    ...Object.values(ACTIONS).map(({ path }) => ({ method: "POST", path })),
    ...Object.entries(OTHERS).map(([action, method]) => ({ method, path: pathTo(action) })),
  ].map(({ method, path }) => ({
    where: `${method} ${path}`,
    send: (/** @type {Options["body"]} */ body, type = "application/json") =>
      service.call(method, path, { headers: { ...api.person(user), "content-type": type }, body }),
  }));

describe("bodies", () => {
  test("that are not JSON are 400", async () => {
    const { user } = await caller();
    const broken = [
      "{",
      " ",
      "nul",
      "{'token':'x'}",
      '{"token":NaN}',
      '{"token":"x"',
      '{"token":"x"} {}',
      '{"token":"\u0000"}',
      '{"token":"\\ud800"}',
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    ];
    for (const { where, send } of doors(user)) {
      for (const body of broken) {
        assertProblem(await send(body), 400, "invalid_request", "parse_error", {
          detail: "The request body is not valid JSON.",
          what: `${where} ${body}`,
        });
      }
    }
  });

  test("that are no object are 400", async () => {
    const { user } = await caller();
    for (const { where, send } of doors(user)) {
      for (const body of ["[]", '[{"token":"x"}]', "null", "true", "123456", '"x"']) {
        assertInvalid(await send(body), "invalid_input", null, "Expected a JSON object.", `${where} ${body}`);
      }
    }
  });

  test("that are not declared as JSON are 415", async () => {
    const { user } = await caller();
    for (const { where, send } of doors(user)) {
      for (const type of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json2",
      ]) {
        const answer = await send("token=x", type);
        assertProblem(answer, 415, "invalid_request", "unsupported_media_type", {
          detail: "Unsupported media type in request.",
          what: `${where} ${type}`,
        });
      }
      for (const type of ["application/json; charset=utf-8", "Application/JSON"])
        assert.notEqual((await send("{}", type)).status, 415, where);
    }
  });

  test("that are left out count as empty objects", async () => {
    const { user } = await caller();
    /** @param {string} path */
    const call = (path, headers = {}) => service.call("POST", path, { headers: { ...api.person(user), ...headers } });
    for (const headers of [{}, { "content-type": "application/json" }, { "content-length": "0" }]) {
      for (const { path, good } of Object.values(ACTIONS))
        assertInvalid(await call(path, headers), "required", Object.keys(good)[0]);
      assertInvalid(await call(pathTo("two_factor_backup_codes"), headers), "required", "token");
    }
  });

  test("of more than 64 KiB are 413", async () => {
    const { user } = await caller(false);
    for (const { where, send } of doors(user)) {
      for (const body of [" ".repeat(LIMIT + 1), [" ".repeat(LIMIT), " "]]) {
        assertProblem(await send(body), 413, "invalid_request", "request_too_large", { what: where });
      }
      assert.notEqual((await send("{}".padEnd(LIMIT, " "))).status, 413, where);
    }
  });

  test("that are deep, or have a name twice, are no 5xx", async () => {
    const { user } = await caller();
    const deep = "[".repeat(20_000) + "]".repeat(20_000);
    for (const { where, send } of doors(user)) {
      for (const body of [
        deep,
        `{"token":${deep}}`,
        `{"hedgehog_config":${deep}}`,
        `{"x":${deep}}`,
        `${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}`,
        '{"token":"x","token":"y"}',
      ]) {
        assert.ok((await send(body)).status < 500, `${where} ${body.slice(0, 30)}`);
      }
    }
  });
});

test("proving a set-up takes auth_time, and iat is none", async () => {
  const { user } = await caller(false);
  const { secret } = await api.start(user);
  const token = totp(secret, api.now);
  assertNotRecent(await api.post(api.person(user, { auth_time: undefined }), "two_factor_validate", { token }));
  assertFine(await api.post(api.person(user, { iat: undefined }), "two_factor_validate", { token }));
});

test("arbitrary input never gets a 5xx, and always the envelope", async (t) => {
  const dice = new Dice(process.env.BAD_INPUT_SEED);
  t.diagnostic(`BAD_INPUT_SEED=${dice.seed}`);
  const { user, factor } = await caller();
  const ours = routes.filter(({ access }) => access === "person");
  assert.ok(ours.length > 10);
  const values = [
    undefined,
    null,
    "",
    " ",
    "x",
    "123456",
    factor?.codes[0],
    0,
    -1,
    1e308,
    true,
    [],
    {},
    [[]],
    "\u0000",
    "ü".repeat(300),
    "x".repeat(20_000),
    "ios",
    "@me",
    user.id,
    "%",
    { a: null },
  ];
  const fields = [
    "token",
    "platform",
    "scene",
    "dashboard",
    "uuid",
    "email",
    "first_name",
    "notification_settings",
    "theme_mode",
    "hedgehog_config",
    "anonymize_data",
    "",
  ];
  const raw = ["", "{", "[]", "null", "\u0000", "{}{}", "x".repeat(5000)];
  const uuids = ["@me", user.id, "nobody", "%00", "%FF", "%2F", "x".repeat(300), "@", "%F0%9F%98%80", "'", "*"];
  const keys = [await api.apiKey(["user:write", "user:verify"], user), await api.apiKey(["user:verify"])];
  /** @type {{id?: string, authorization?: string}[]} */
  const callers = [
    api.person(user),
    api.staff(),
    api.staff(user),
    api.signedInAgo(user, 3 * 3_600_000),
    {},
    { authorization: "Bearer x" },
    ...keys,
  ];
  /** @type {Record<number, number>} */
  const refusals = { 400: 0, 401: 0, 403: 0, 404: 0 };
  for (let count = 0; count < 600; count += 1) {
    const route = dice.one(ours);
    const method = dice.one([route.method, route.method, route.method, "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]);
    const path = route.path.replace(/\{\w+\}/, dice.one(uuids)) + dice.one(["", "", "/", "//", "?x=%FF", "?token=1&token=2"]);
    const { id: _, ...headers } = dice.one(callers);
    const json = Object.fromEntries(Array.from({ length: dice.below(4) }, () => [dice.one(fields), dice.one(values)]));
    const body = dice.below(4) === 0 ? { body: dice.one(raw) } : { json };
    const answer = await service.call(method, path, {
      ...body,
      headers: { ...headers, "content-type": dice.one(["application/json", "application/json", "text/plain"]) },
    });
    assert.ok(answer.status < 500, `${method} ${path} ${JSON.stringify(body).slice(0, 200)}: ${answer.text}`);
    if (answer.status < 400) continue;
    assert.deepEqual(Object.keys(answer.json).sort(), ["attr", "code", "detail", "type"], `${method} ${path}`);
    if (answer.status in refusals) refusals[answer.status] += 1;
  }
  for (const [status, times] of Object.entries(refusals)) assert.ok(times > 10, `${status} came ${times} times only`);
});
