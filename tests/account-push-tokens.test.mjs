/** Push tokens: registered, taken over, dropped. Whose a token is shows in who can drop it, and in the ids that answers have. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import {
  Accounts,
  assertDenied,
  assertFine,
  assertInvalid,
  assertNothing,
  HOUR,
  MINUTE,
  NOT_BOUND,
  pathTo,
  SECOND,
  TOKENS_OF_ME_ONLY,
} from "./support/accounts.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Caller } from "./support/accounts.mjs" */

const service = await serviceForThisFile({ instrumented: true });
const api = new Accounts(service);
beforeEach(() => api.freeze());

const MOST = 20;
const TOKEN = "dGhpcy1pcy1hLXRva2Vu:APA91bE-push_token/1+2=";

/** @param {Caller} caller @param {string} token */
const register = (caller, token, platform = "ios") => api.post(caller, "push_tokens", { token, platform });
/** @param {Caller} caller @param {string} token */
const unregister = (caller, token) => api.post(caller, "push_tokens/unregister", { token });
/** @param {Caller} caller @param {string} token @param {string} [platform] */
const registered = async (caller, token, platform) => assertFine(await register(caller, token, platform));
const count = async () => (await service.sql("SELECT count(*) AS n FROM push_tokens"))[0].n;
/** @param {number} millis */
const iso = (millis) => new Date(millis).toISOString();

describe("registering", () => {
  test("shows what was kept, but never the token", async () => {
    const answer = await register(await service.addUser(), TOKEN, "android");
    const { id, ...rest } = assertFine(answer);
    assert.match(String(id), /\S/);
    assert.deepEqual(rest, { platform: "android", created_at: iso(api.now), last_seen_at: iso(api.now) });
    assert.ok(!answer.text.includes(TOKEN));
  });

  for (const platform of ["ios", "android", "web"]) {
    test(`takes ${platform}`, async () =>
      assert.equal((await registered(await service.addUser(), TOKEN, platform)).platform, platform));
  }

  test("the same token again updates its platform and when it was seen", async () => {
    const user = await service.addUser();
    const first = await registered(user, TOKEN, "ios");
    await api.advance(HOUR);
    assert.deepEqual(await registered(user, ` ${TOKEN}\n`, "web"), { ...first, platform: "web", last_seen_at: iso(api.now) });
    assert.equal(await count(), 1);
  });

  test("tells tokens apart to the letter", async () => {
    const user = await service.addUser();
    for (const token of ["abc", "ABC", "ab c", "abç"]) await registered(user, token);
    assert.equal(await count(), 4);
  });

  test("takes 1 to 512 characters, blanks around them not counted", async () => {
    const user = await service.addUser();
    for (const token of ["x", "x".repeat(512), "ü".repeat(512), ` ${"y".repeat(512)} `]) await registered(user, token);
    assertInvalid(
      await register(user, "x".repeat(513)),
      "max_length",
      "token",
      "Ensure this field has no more than 512 characters.",
    );
    assert.equal(await count(), 4);
  });

  test("ignores fields other than the token and its platform", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    const strange = {
      token: TOKEN,
      platform: "ios",
      user: bob.id,
      user_id: bob.id,
      id: "mine",
      created_at: "2020-01-01T00:00:00.000Z",
      is_staff: true,
    };
    const { id, created_at } = assertFine(await api.post(ada, "push_tokens", strange));
    assert.notEqual(id, "mine");
    assert.equal(created_at, iso(api.now));
    assertNothing(await unregister(bob, TOKEN));
    assert.equal(await count(), 1, "it is not Bob's");
  });

  test("works with a user's API key, for that user", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    const key = await api.apiKey(["user:write"], ada);
    const { id } = await registered(key, TOKEN);
    assert.equal((await registered(ada, TOKEN)).id, id);
    assertNothing(await unregister(bob, TOKEN));
    assert.equal(await count(), 1);
    assertNothing(await unregister(key, TOKEN));
    assert.equal(await count(), 0);
    assertDenied(await register(await api.apiKey(["user:write"]), TOKEN), NOT_BOUND);
  });
});

describe("a token that another user registers", () => {
  test("belongs to that user from then on", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    const hers = await registered(ada, TOKEN);
    await api.advance(MINUTE);
    const his = await registered(bob, TOKEN);
    assert.equal(his.last_seen_at, iso(api.now));
    assert.equal(await count(), 1);
    assertNothing(await unregister(ada, TOKEN));
    assert.equal(await count(), 1, "she cannot drop what is no longer hers");
    assertNothing(await unregister(bob, TOKEN));
    assert.equal(await count(), 0);
    assert.notEqual((await registered(ada, TOKEN)).created_at, hers.created_at);
  });

  test("makes room among those of the user it came from", async () => {
    const [ada, bob] = [await service.addUser(), await service.addUser()];
    const ids = new Map();
    for (let index = 0; index < MOST; index += 1) ids.set(index, (await registered(ada, `device-${index}`)).id);
    await api.advance(SECOND);
    await registered(bob, "device-0");
    await registered(ada, "device-new");
    assert.equal(await count(), MOST + 1);
    for (let index = 1; index < MOST; index += 1)
      assert.equal((await registered(ada, `device-${index}`)).id, ids.get(index), `device-${index}`);
  });
});

describe("the twenty-first token", () => {
  test("takes the place of the one that was not seen for longest", async () => {
    const [user, bystander] = [await service.addUser(), await service.addUser()];
    const other = await registered(bystander, "another's");
    const ids = [];
    for (let index = 0; index < MOST; index += 1) {
      await api.advance(SECOND);
      ids.push((await registered(user, `device-${index}`)).id);
    }
    await api.advance(SECOND);
    await registered(user, "device-0");
    assert.equal(await count(), MOST + 1, "twenty are fine");
    await api.advance(SECOND);
    const { id } = await registered(user, "device-20");
    assert.equal(await count(), MOST + 1);
    for (const index of [0, ...Array.from({ length: MOST - 2 }, (_, at) => at + 2)])
      assert.equal((await registered(user, `device-${index}`)).id, ids[index], `device-${index}`);
    assert.equal((await registered(user, "device-20")).id, id);
    assert.equal((await registered(bystander, "another's")).id, other.id);
    await api.advance(SECOND);
    assert.notEqual((await registered(user, "device-1")).id, ids[1], "this one was gone");
  });

  test("is itself kept, also when it came at the same moment as the others", async () => {
    const user = await service.addUser();
    for (let index = 0; index < MOST; index += 1) await registered(user, `device-${index}`);
    const { id } = await registered(user, "device-20");
    assert.equal(await count(), MOST);
    assert.equal((await registered(user, "device-20")).id, id);
  });
});

describe("dropping", () => {
  test("is done once, and succeeds when it is repeated", async () => {
    const user = await service.addUser();
    await registered(user, TOKEN);
    await registered(user, "another");
    for (const left of [1, 1]) {
      assertNothing(await unregister(user, ` ${TOKEN} `));
      assert.equal(await count(), left);
    }
  });

  test("a token that was never registered succeeds, too", async () =>
    assertNothing(await unregister(await service.addUser(), TOKEN)));

  test("is audited once, and not when it is repeated", async () => {
    const user = await service.addUser();
    await registered(user, TOKEN);
    for (let times = 0; times < 2; times += 1) await unregister(user, TOKEN);
    const trail = (await service.audit()).map(({ actor, action, subject }) => [actor, action, subject]);
    assert.deepEqual(trail, [
      [`user:${user.id}`, "push_token.register", user.id],
      [`user:${user.id}`, "push_token.unregister", user.id],
    ]);
  });
});

describe("any other path than @me", () => {
  const BODIES = /** @type {const} */ ([
    ["push_tokens", { token: TOKEN, platform: "ios" }],
    ["push_tokens/unregister", { token: TOKEN }],
  ]);

  for (const [action, body] of BODIES) {
    test(`of ${action} is refused to every caller, after the body is checked`, async () => {
      const [ada, bob] = [await service.addUser(), await service.addUser()];
      await registered(ada, TOKEN);
      for (const headers of [api.person(ada), api.staff(bob), await api.apiKey(["user:write"], ada)]) {
        for (const uuid of [ada.id, "nobody"]) {
          assertDenied(await api.post(headers, action, body, uuid), TOKENS_OF_ME_ONLY);
          assertInvalid(await api.post(headers, action, { ...body, token: undefined }, uuid), "required", "token");
        }
      }
      assert.equal(await count(), 1);
    });
  }
});

test("tokens are deleted with their user, and stay when another service writes that user anew", async () => {
  const [ada, bob] = [await service.addUser(), await service.addUser()];
  await registered(ada, "hers");
  await registered(bob, "his");
  await service.sql(
    "INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES (?, ?, '2024-01-15T10:30:00.000Z')",
    ada.id,
    ada.email,
  );
  assert.equal(await count(), 2);
  await service.sql("DELETE FROM users WHERE uuid = ?", ada.id);
  assert.equal(await count(), 1);
  assert.equal(
    (await service.call("POST", pathTo("push_tokens"), { headers: api.person(ada), json: { token: "hers", platform: "ios" } }))
      .status,
    401,
  );
});
