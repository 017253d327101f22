/**
 * Who gets in where in the account API: every kind of caller at every route that openapi.json lists of it, at every kind of
 * path, with a trailing slash and without. Then the order in which things are refused.
 */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import {
  Accounts,
  assertDenied,
  assertFine,
  assertInvalid,
  assertNotRecent,
  assertProblem,
  HOUR,
  lacksScope,
  NO_API_KEYS,
  NOT_BOUND,
  NOT_PERMITTED,
  ONLY_ME,
  OWNER_ONLY,
  pathTo,
  TOKENS_OF_ME_ONLY,
} from "./support/accounts.mjs";
import { pathOf, routes } from "./support/openapi.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Route } from "./support/openapi.mjs" */
/** @import { Answer } from "./support/http.mjs" */
/** @import { Caller, Headers } from "./support/accounts.mjs" */

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const ours = routes.filter(({ access }) => access === "person");

/** What routes have in common, by their method and the end of their path; the first that fits. */
const KINDS = /** @type {[string, RegExp][]} */ ([
  ["open", /\/verify_email$/],
  ["status", /\/two_factor_status$/],
  ["push", /\/push_tokens(\/unregister)?$/],
  ["verify", /\/two_factor_verify$/],
  ["start", /\/(two_factor_start_setup|start_2fa_setup)$/],
  ["validate", /\/(two_factor_validate|validate_2fa)$/],
  ["codes", /\/two_factor_backup_codes$/],
  ["sensitive", /\/(two_factor_disable|cancel_email_change_request)$/],
  ["read", /^GET .*\/users\/(\{\w+\}|@me)$/],
  ["change", /\/scene_personalisation$|\/users\/(\{\w+\}|@me)$/],
]);
/** The order of the columns below; open routes ask for no credentials. */
const COLUMNS = ["read", "status", "change", "sensitive", "codes", "validate", "start", "push", "verify"];
/** @param {Route} given */
const kindOf = ({ method, path }) =>
  KINDS.find(([, pattern]) => pattern.test(`${method} ${path}`))?.[0] ?? assert.fail(`${method} ${path} is of no kind`);

const JWT_REFUSED = "The access token is invalid or has expired.";
const KEY_REFUSED = "The API key is invalid or was revoked.";
/** @param {string} code @param {string} detail */
const refused401 = (code, detail) => (/** @type {Answer} */ answer, /** @type {string} */ what) =>
  assertProblem(answer, 401, "authentication_error", code, { detail, what });
/** @param {string} [detail] */
const denied = (detail) => (/** @type {Answer} */ answer, /** @type {string} */ what) => assertDenied(answer, detail, what);

/** What the words of the table mean. */
const VERDICTS = /** @type {Record<string, (answer: any, what: string) => void>} */ ({
  in: (answer, what) => assert.ok([200, 204, 400, 429].includes(answer.status), `${what}: ${answer.text}`),
  anon: refused401("not_authenticated", "Authentication credentials were not provided."),
  bad: refused401("authentication_failed", JWT_REFUSED),
  badkey: refused401("authentication_failed", KEY_REFUSED),
  gone: (answer, what) => assertProblem(answer, 404, "invalid_request", "not_found", { detail: "Not found.", what }),
  stale: (answer, what) => assertNotRecent(answer, what),
  mine: denied(ONLY_ME),
  tokens: denied(TOKENS_OF_ME_ONLY),
  owner: denied(OWNER_ONLY),
  nokeys: denied(NO_API_KEYS),
  unbound: denied(NOT_BOUND),
  write: denied(lacksScope("user:write")),
  check: denied(lacksScope("user:verify")),
  denied: denied(NOT_PERMITTED),
});

const PATHS = ["@me", "own", "other", "unknown"];
/** @param {string} word */
const everywhere = (word) => Array(4).fill(Array(COLUMNS.length).fill(word).join(" "));

//                 read status change sensitive codes validate start push verify
const A_PERSON = ["in in in in in in in in in", ...Array(3).fill("mine mine mine mine mine mine in tokens mine")];
/** The token's user is looked up only where the path alone does not decide. */
const A_STRANGER = ["bad bad bad bad bad bad bad bad bad", ...Array(3).fill("mine mine mine mine mine mine bad tokens mine")];
const LONG_SIGNED_IN = [
  "in in in stale stale stale in in stale",
  ...Array(3).fill("mine mine mine stale stale stale in tokens stale"),
];
/** Staff by claim read others. */
const STAFF = [
  "in in in in in in in in in",
  "in in in in in in in tokens in",
  "in in denied denied denied in in tokens denied",
  "gone gone gone gone gone gone in tokens gone",
];
const STAFF_WITHOUT_ROW = [
  "gone gone gone gone gone gone gone gone gone",
  ...Array(2).fill("in in denied denied denied gone gone tokens denied"),
  "gone gone gone gone gone gone gone tokens gone",
];
/** Administrators change others as well. */
const ADMINISTRATOR = [
  "gone gone gone gone gone gone gone gone gone",
  ...Array(2).fill("in in in in owner gone gone tokens in"),
  "gone gone gone gone gone gone gone tokens gone",
];
const LONG_SIGNED_IN_ADMINISTRATOR = [
  "gone gone gone stale stale stale gone gone stale",
  ...Array(2).fill("in in stale stale stale stale gone tokens stale"),
  "gone gone gone stale stale stale gone tokens stale",
];
/** Keys get no further than three kinds of route. @param {string[]} push @param {string[]} verify by path */
const aKey = (push, verify) =>
  PATHS.map((_, index) => `nokeys ${verify[index]} nokeys nokeys nokeys nokeys nokeys ${push[index]} ${verify[index]}`);
/** @param {string} word */
const four = (word) => Array(4).fill(word);

/** @param {string} text */
const token = (text) => ({ authorization: `Bearer ${text}` });

/** What a caller shows, and how it fares; `user` is the one that `own` names. */
const CALLERS = /** @type {Record<string, [string[], (user: any, other: any) => Promise<any> | any]>} */ ({
  "a caller without credentials": [everywhere("anon"), () => ({})],
  "an API key in another header": [
    everywhere("anon"),
    async (user) => ({ "x-api-key": (await api.apiKey(["user:write", "user:verify"], user)).authorization.slice(7) }),
  ],
  "the admin key alone": [everywhere("anon"), () => ({ "x-admin-api-key": service.adminKey })],
  "the admin key as a token": [everywhere("bad"), () => token(service.adminKey)],
  "a token that is none": [everywhere("bad"), () => token("of.nothing.good")],
  "a token that has expired": [everywhere("bad"), (user) => api.person(user, { exp: Math.floor(api.now / 1000) - 3600 })],
  "a token of another issuer": [everywhere("bad"), (user) => api.person(user, { iss: "https://evil.example/" })],
  "a token for another audience": [everywhere("bad"), (user) => api.person(user, { aud: "https://other.example" })],
  "a token of a foreign key": [everywhere("bad"), (user) => token(service.mint({ key: "impostor", claims: { sub: user.id } }))],
  "a token with alg none": [everywhere("bad"), (user) => token(service.mint({ alg: "none", claims: { sub: user.id } }))],
  "a token signed with the public key": [
    everywhere("bad"),
    (user) => token(service.mint({ alg: "HS256", claims: { sub: user.id, is_staff: true } })),
  ],
  "a token from the future": [everywhere("bad"), (user) => api.person(user, { iat: Math.floor(api.now / 1000) + 3600 })],
  "an auth_time from the future": [
    everywhere("bad"),
    (user) => api.person(user, { auth_time: Math.floor(api.now / 1000) + 3600 }),
  ],
  "an auth_time in words": [everywhere("bad"), (user) => api.person(user, { auth_time: "yesterday" })],
  "a person who is no user": [A_STRANGER, () => api.bearer({ sub: "auth0|nobody" })],
  "a person without a subject": [everywhere("bad"), () => api.bearer({ email: "ada@residents.example" })],

  "a person": [A_PERSON, (user) => api.person(user)],
  "a person by the provider's subject": [A_PERSON, (user) => api.bearer({ sub: `auth0|${user.id}` })],
  "a person with auth_time": [A_PERSON, (user) => api.signedInAgo(user, 2 * HOUR - 1000)],
  "a person who says to be staff": [A_PERSON, (user) => api.person(user, { is_staff: "true", staff: true, role: "staff" })],
  "a person of another domain": [
    A_PERSON,
    (user) => api.person(user, { email: "ada@notsmartphonekey.com", email_verified: true }),
  ],
  "a person of an allowed domain, not verified": [
    A_PERSON,
    (user) => api.person(user, { email: "ada@smartphonekey.com", email_verified: false }),
  ],
  "a person of an allowed domain": [
    A_PERSON,
    (user) => api.person(user, { email: "Grace@SmartphoneKey.com", email_verified: true }),
  ],
  "a person with two @, the last before an allowed domain": [
    A_PERSON,
    (user) => api.person(user, { email: "ada@evil.example@smartphonekey.com", email_verified: true }),
  ],
  "a program that is called staff": [
    A_STRANGER,
    () => api.bearer({ sub: "program@clients", is_staff: true, gty: "client-credentials" }),
  ],
  "a person with the admin key": [everywhere("bad"), (user) => ({ ...api.person(user), "x-admin-api-key": service.adminKey })],
  "a person signed in long ago": [LONG_SIGNED_IN, (user) => api.signedInAgo(user, 2 * HOUR)],
  "a person of whom only iat is known": [LONG_SIGNED_IN, (user) => api.person(user, { auth_time: undefined })],
  "a person with neither auth_time nor iat": [
    LONG_SIGNED_IN,
    (user) => api.person(user, { auth_time: undefined, iat: undefined }),
  ],
  staff: [STAFF, (user) => api.staff(user)],
  "staff who are no user": [STAFF_WITHOUT_ROW, () => api.staff()],
  "staff without a subject": [STAFF_WITHOUT_ROW, () => api.bearer({ is_staff: true, email: "grace@smartphonekey.com" })],
  "the admin pair": [ADMINISTRATOR, () => api.administrator()],
  "the admin pair, not verified": [everywhere("bad"), () => api.administrator({ email_verified: undefined })],
  "the admin pair, signed in long ago": [
    LONG_SIGNED_IN_ADMINISTRATOR,
    () => api.administrator({ auth_time: Math.floor((api.now - 2 * HOUR) / 1000) }),
  ],

  "an unknown key": [everywhere("badkey"), () => token(`spk_${"A".repeat(43)}`)],
  "half a key": [
    everywhere("badkey"),
    async (user) => token((await api.apiKey(["user:write"], user)).authorization.slice(7, 27)),
  ],
  "a revoked key": [
    everywhere("badkey"),
    async (user) => {
      const { id, authorization } = await api.apiKey(["user:write", "user:verify"], user);
      assert.equal((await service.admin("DELETE", `/admin/api-keys/${id}`)).status, 204);
      return { authorization };
    },
  ],
  "a user's key to write": [
    aKey(["in", "tokens", "tokens", "tokens"], four("check")),
    (user) => api.apiKey(["user:write"], user),
  ],
  "a user's key to verify": [aKey(four("write"), ["in", "in", "denied", "denied"]), (user) => api.apiKey(["user:verify"], user)],
  "a user's key to write and verify": [
    aKey(["in", "tokens", "tokens", "tokens"], ["in", "in", "denied", "denied"]),
    (user) => api.apiKey(["user:write", "user:verify"], user),
  ],
  "a user's key to read from 3dEye": [aKey(four("write"), four("check")), (user) => api.apiKey(["threedeye:read"], user)],
  "a service's key to write": [aKey(four("unbound"), four("check")), () => api.apiKey(["user:write"])],
  "a service's key to verify": [aKey(four("write"), ["unbound", "in", "in", "gone"]), () => api.apiKey(["user:verify"])],
  "another user's key": [
    aKey(["in", "tokens", "tokens", "tokens"], ["in", "denied", "in", "denied"]),
    (_, other) => api.apiKey(["user:write", "user:verify"], other),
  ],
});

/** Bodies that are good as far as they go. @param {string} kind @param {string} method */
const bodyOf = (kind, method) => {
  if (method === "GET") return {};
  return { json: kind === "push" ? { token: "a-device", platform: "ios" } : kind === "change" ? {} : { token: "x" } };
};

describe("the routes", () => {
  test("are each of one kind, and every kind has routes", () => {
    assert.deepEqual([...new Set(ours.map(kindOf))].sort(), ["open", ...COLUMNS].sort());
    assert.deepEqual(
      ours.filter(({ path }) => !path.startsWith("/api/users/")),
      [],
    );
  });

  for (const [who, [rows, headersOf]] of Object.entries(CALLERS)) {
    test(`answer ${who} as the table says`, async () => {
      const [user, other] = await service.addUsers([{ id: "ada", subject: "auth0|ada" }, { id: "bob" }]);
      const { id: _, ...headers } = await headersOf(user, other);
      for (const route of ours.filter((one) => kindOf(one) !== "open")) {
        const [kind, [name]] = [kindOf(route), /\{\w+\}/.exec(route.path) ?? []];
        for (const [index, uuid] of ["@me", user.id, other.id, "nobody"].entries()) {
          if (name === undefined && index > 0) break;
          const verdict = rows[index].split(" ")[COLUMNS.indexOf(kind)];
          for (const slash of index === 0 ? ["", "/"] : [""]) {
            const path = (name === undefined ? route.path : route.path.replace(name, uuid)) + slash;
            const answer = await service.call(route.method, path, { headers, ...bodyOf(kind, route.method) });
            VERDICTS[verdict](answer, `${route.method} ${path}: ${verdict}`);
            if (verdict !== "in") assert.equal(answer.headers["x-d1-rows-written"], "0", `${route.method} ${path} wrote`);
          }
        }
      }
    });
  }

  test("that are open need no credentials, and ignore any", async () => {
    for (const headers of [{}, token("of.nothing.good"), api.staff()]) {
      const answer = await service.call("POST", "/api/users/verify_email", { headers, json: { uuid: "nobody", token: "x" } });
      assertInvalid(answer, "invalid_token", "token");
    }
  });
});

describe("the order of checks", () => {
  const json = { "content-type": "application/json" };
  /** @param {Partial<Headers>} headers @param {string} action @param {string} body @param {string} [uuid] */
  const knock = (headers, action, body, uuid) =>
    service.call("POST", pathTo(action, uuid), { headers: { ...headers, ...json }, body });

  test("the caller comes before the body", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    for (const body of ["{", "[]", "x".repeat(1000)]) {
      VERDICTS.anon(await knock({}, "two_factor_verify", body), body);
      VERDICTS.nokeys(await knock(await api.apiKey(["user:write"], ada), "scene_personalisation", body), body);
      VERDICTS.write(await knock(await api.apiKey(["user:verify"], ada), "push_tokens", body), body);
      VERDICTS.stale(await knock(api.signedInAgo(ada, 2 * HOUR), "two_factor_disable", body, bob.id), body);
      VERDICTS.mine(await knock(api.person(ada), "two_factor_disable", body, bob.id), body);
      VERDICTS.gone(await knock(api.staff(), "scene_personalisation", body, "nobody"), body);
    }
  });

  test("the body comes before the state of the account", async () => {
    const user = await service.addUser();
    for (const action of ["two_factor_validate", "two_factor_verify"])
      assertInvalid(await api.post(user, action, {}), "required", "token");
  });

  test("an unknown method is refused before the caller is checked", async () => {
    for (const { path, method } of ours) {
      const answer = await service.call(method === "DELETE" ? "PUT" : "DELETE", pathOf({ path }));
      assertProblem(answer, 405, "invalid_request", "method_not_allowed", { detail: 'Method "DELETE" not allowed.' });
      assert.ok(answer.headers.allow?.split(/, ?/).includes(method), `${path} allows ${answer.headers.allow}`);
    }
  });

  test("an unknown path is 404 in the envelope of this API", async () => {
    for (const path of [
      "/api/",
      "/api/users",
      "/api/users/@me/",
      "/api/users/@me/nothing",
      "/api/users/@me/push_tokens/unregister/x",
      "/api/users/@me/two_factor_status//",
      "/api/projects/1",
    ]) {
      const answer = await service.call("POST", path, { headers: api.staff() });
      if (path === "/api/users/@me/")
        assertProblem(answer, 405, "invalid_request", "method_not_allowed", { detail: 'Method "POST" not allowed.' });
      else VERDICTS.gone(answer, path);
    }
  });
});

describe("an API key", () => {
  /** @param {string} id */
  const lastUsed = async (id) =>
    (await service.admin("GET", "/admin/api-keys")).json.apiKeys.find((/** @type {{id: string}} */ key) => key.id === id)
      .lastUsedAt;

  for (const [scope, action, body] of /** @type {const} */ ([
    ["user:write", "push_tokens", { token: "a-device", platform: "ios" }],
    ["user:write", "push_tokens/unregister", { token: "a-device" }],
    ["user:verify", "two_factor_verify", { token: "x" }],
    ["user:verify", "two_factor_status", undefined],
  ])) {
    test(`that is used for ${action} has its last use noted, once an hour at most`, async () => {
      const user = await service.addUser();
      await api.enrol(user);
      const key = await api.apiKey([scope], user);
      assert.equal(await lastUsed(key.id), null);
      const used = [];
      for (const wait of [0, HOUR - 1000, 1000]) {
        await api.advance(wait);
        await api.call(body ? "POST" : "GET", key, pathTo(action), body);
        used.push(await lastUsed(key.id));
      }
      const now = new Date(api.now).toISOString();
      assert.deepEqual(used, [new Date(api.now - HOUR).toISOString(), new Date(api.now - HOUR).toISOString(), now]);
    });
  }

  test("of a user who was deleted is refused", async () => {
    const user = await service.addUser();
    const key = await api.apiKey(["user:write", "user:verify"], user);
    await service.sql("DELETE FROM users WHERE uuid = ?", user.id);
    for (const [action, body] of /** @type {const} */ ([
      ["push_tokens", { token: "a-device", platform: "ios" }],
      ["two_factor_verify", { token: "x" }],
    ])) {
      VERDICTS.badkey(await api.post(key, action, body), action);
    }
  });

  for (const [what, uuid] of [
    ["a NUL", "%00"],
    ["300 characters", "x".repeat(300)],
  ]) {
    test(`is checked before a malformed uuid: ${what}`, async () => {
      const user = await service.addUser();
      /** @param {Caller | PromiseLike<Caller>} headers */
      const knock = async (headers) => api.post(await headers, "two_factor_verify", { token: "x" }, uuid);
      VERDICTS.badkey(await knock(token(`spk_${"A".repeat(43)}`)), "unknown");
      VERDICTS.check(await knock(api.apiKey(["user:write"])), "without the scope");
      VERDICTS.denied(await knock(api.apiKey(["user:verify"], user)), "of one user");
      VERDICTS.gone(await knock(api.apiKey(["user:verify"])), "of a service");
    });
  }
});

test("@me may be percent-encoded, and any other spelling is refused as another user's uuid", async () => {
  const user = await service.addUser();
  assertFine(await api.get(user, "two_factor_status", "%40me"));
  for (const uuid of ["@ME", "me", "@me%20", "%2540me"]) assertDenied(await api.get(user, "two_factor_status", uuid), ONLY_ME);
});
