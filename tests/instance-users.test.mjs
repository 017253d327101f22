/** /admin/instances/{instance}/users: the users of instances, and the list of them. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { administration, hashOf, INSTANCES, idsOf, usersOf } from "./support/administration.mjs";
import { assertError } from "./support/errors.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true });
const { post, get, made, listed, gone, rivia, trail } = administration(service);

describe("a user of an instance", () => {
  test("is shown with its key when it is made, and may be tied to a person", async () => {
    await rivia();
    const person = await service.addUser();
    const user = await made(usersOf("Rivia"), { username: "geralt", userId: person.id });
    assert.deepEqual(Object.keys(user).sort(), ["createdAt", "id", "instance", "userId", "userKey", "username"]);
    assert.match(user.userKey, /^[0-9a-f]{39}[02468ace]$/);
    assert.ok(Number.isInteger(user.id) && user.id > 0);
    assert.deepEqual([user.username, user.instance, user.userId], ["geralt", "rivia", person.id]);
    for (const [username, userId] of [
      ["ciri", undefined],
      ["triss", null],
    ])
      assert.equal((await made(usersOf("rivia"), { username, userId })).userId, null);
    assert.equal(
      (await made(usersOf("rivia"), { username: "white wolf", userId: person.id })).userId,
      person.id,
      "a person may have several",
    );
  });

  test("is tied to a person that exists", async () => {
    await rivia();
    assertError(await post(usersOf("rivia"), { username: "geralt", userId: "nobody" }), 404, "User not found");
    assert.deepEqual((await listed(usersOf("rivia"))).users, []);
    assert.deepEqual(
      (await trail()).map(([action]) => action),
      ["instance.create"],
    );
  });

  test("has a name of 1 to 254 characters, unique in its instance to the letter", async () => {
    for (const name of ["rivia", "cintra"]) await made(INSTANCES, { name });
    const names = [
      "geralt",
      "Geralt",
      " geralt",
      "gérâlt",
      "ge\u0301ra\u0302lt",
      "狼",
      "🐺".repeat(127),
      "x".repeat(254),
      "%",
      "'; DROP TABLE instance_users; --",
      "a/b",
      "ann@riverside.example",
    ];
    for (const username of names) {
      assert.equal((await made(usersOf("rivia"), { username })).username, username);
      assertError(await post(usersOf("RIVIA"), { username }), 409, "The instance has a user of this name already");
    }
    assert.equal((await made(usersOf("cintra"), { username: "geralt" })).instance, "cintra", "another instance, another geralt");
    for (const username of names) {
      const { users, next } = await listed(`${usersOf("rivia")}?username=${encodeURIComponent(username)}`);
      assert.deepEqual([users.map((/** @type {{username: string}} */ user) => user.username), next], [[username], null]);
    }
  });

  test("names its faulty field", async () => {
    await rivia();
    for (const [body, message] of /** @type {[unknown, string | RegExp][]} */ ([
      [{}, "username: required"],
      [{ username: "" }, "username: must not be empty"],
      [{ username: " " }, "username: must not be blank"],
      [{ username: " \u00a0\u3000 " }, "username: must not be blank"],
      [{ username: "x".repeat(255) }, "username: must be at most 254 characters"],
      [{ username: "a\u0000b" }, "username: must not contain control characters"],
      [{ username: 7 }, "username: expected a string"],
      [{ username: null }, "username: expected a string"],
      [{ username: "geralt", userId: 7 }, "userId: expected a string"],
      [{ username: "geralt", userId: "" }, "userId: must not be empty"],
      [{ username: "geralt", userKey: "mine" }, "userKey: unknown field"],
      [{ username: "geralt", id: 1 }, "id: unknown field"],
    ]))
      assertError(await post(usersOf("rivia"), body), 400, message);
    assertError(await post(usersOf("rivia")), 415);
    assert.deepEqual((await listed(usersOf("rivia"))).users, []);
  });

  test("is made once when many ask for its name at once", async () => {
    await rivia();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(usersOf("rivia"), { username: "geralt" })));
    const [winner, ...more] = answers.filter(({ status }) => status === 201);
    assert.deepEqual(more, []);
    for (const answer of answers.filter((one) => one !== winner))
      assertError(answer, 409, "The instance has a user of this name already");
    const [row, ...others] = await service.sql("SELECT id, key_hash FROM instance_users");
    assert.deepEqual([row, others], [{ id: winner.json.id, key_hash: hashOf(winner.json.userKey) }, []]);
    assert.deepEqual((await trail()).slice(1), [["instance_user.create", `instance-user:${row.id}`, "instance rivia"]]);
  });

  test("is deleted at once with its key, by its own instance only, and its id is never given again", async () => {
    for (const name of ["rivia", "cintra"]) await made(INSTANCES, { name });
    const user = await made(usersOf("rivia"), { username: "geralt" });
    const other = await made(usersOf("cintra"), { username: "geralt" });
    await gone(`${usersOf("cintra")}/${user.id}`);
    assert.deepEqual(idsOf((await listed(usersOf("rivia"))).users), [user.id]);
    for (const id of [
      user.id,
      user.id,
      999,
      "0",
      "-1",
      "1e3",
      `0${other.id}`,
      "9223372036854775808",
      "1".repeat(100),
      "%D9%A3",
      "geralt",
    ])
      await gone(`${usersOf("Rivia")}/${id}`);
    assert.deepEqual(await service.sql("SELECT id FROM instance_users WHERE key_hash = ?", hashOf(user.userKey)), []);
    assert.deepEqual(idsOf((await listed(usersOf("cintra"))).users), [other.id]);
    await gone(`${usersOf("cintra")}/${other.id}`);
    const again = await made(usersOf("rivia"), { username: "geralt" });
    assert.ok(again.id > other.id);
    assert.notEqual(again.userKey, user.userKey);
  });
});

describe("the list of users", () => {
  /** So many users in rivia, and one in another instance between them. @param {number} count */
  async function crowd(count) {
    for (const name of ["rivia", "cintra"]) await made(INSTANCES, { name });
    const ids = [];
    for (let number = 0; number < count; number += 1) {
      ids.push((await made(usersOf("rivia"), { username: `witcher ${number}` })).id);
      if (number === 1) await made(usersOf("cintra"), { username: "calanthe" });
    }
    return ids;
  }

  test("shows each user once, page by page, by id, without the keys", async () => {
    const ids = await crowd(7);
    for (const limit of [1, 2, 3, 6, 7, 8]) {
      const pages = [];
      let after;
      do {
        const { users, next } = await listed(`${usersOf("rivia")}?limit=${limit}${after ? `&after=${after}` : ""}`);
        assert.ok(users.length <= limit);
        pages.push(...idsOf(users));
        after = next;
      } while (after !== null);
      assert.deepEqual(pages, ids, `limit ${limit}`);
    }
    const { users, next } = await listed(usersOf("rivia"));
    assert.deepEqual([idsOf(users), next], [ids, null]);
    for (const user of users) {
      assert.deepEqual(Object.keys(user).sort(), ["createdAt", "id", "keyChangedAt", "userId", "username"]);
      assert.equal(user.keyChangedAt, user.createdAt);
    }
  });

  test("shows 50 unless told otherwise", async () => {
    await rivia();
    const rows = JSON.stringify(Array.from({ length: 51 }, (_, number) => number));
    await service.sql(
      "INSERT INTO instance_users (instance, username, key_hash, key_changed_at, created_at) SELECT 'rivia', value, 'hash ' || value, 0, 0 FROM json_each(?)",
      rows,
    );
    const { users, next } = await listed(usersOf("rivia"));
    assert.deepEqual([users.length, next], [50, users[49].id]);
    assert.equal((await listed(`${usersOf("rivia")}?limit=500`)).users.length, 51);
  });

  test("finds by name, by person, by both, and after an id", async () => {
    await rivia();
    const [one, other] = await service.addUsers([{}, {}]);
    /** @param {string} username @param {{id: string}} given */
    const make = async (username, { id }) => (await made(usersOf("rivia"), { username, userId: id })).id;
    const [a, b, c] = [await make("a", one), await make("b", other), await make("c", one)];
    for (const [query, expected] of /** @type {[string, string[]][]} */ ([
      ["username=b", [b]],
      ["username=B", []],
      ["username=_", []],
      [`userId=${one.id}`, [a, c]],
      [`userId=${one.id}&after=${a}`, [c]],
      [`userId=${one.id}&username=c`, [c]],
      [`userId=${one.id}&username=b`, []],
      ["userId=nobody", []],
      [`username=a&after=${a}`, []],
      [`after=${c}`, []],
    ]))
      assert.deepEqual(idsOf((await listed(`${usersOf("rivia")}?${query}`)).users), expected, query);
    const { users, next } = await listed(`${usersOf("rivia")}?userId=${one.id}&limit=1`);
    assert.deepEqual([idsOf(users), next], [[a], a]);
  });

  test("names a faulty parameter", async () => {
    await rivia();
    for (const [query, message] of [
      ["limit=0", "limit: must be an integer from 1 to 500"],
      ["limit=501", "limit: must be an integer from 1 to 500"],
      ["after=", "after: must be the id of a user"],
      ["after=0", "after: must be the id of a user"],
      ["after=01", "after: must be the id of a user"],
      ["after=1e3", "after: must be the id of a user"],
      ["after=9007199254740992", "after: must be the id of a user"],
      ["username=", "username: must not be empty"],
      ["username=%00", "username: must not contain control characters"],
      ["userId=", "userId: must not be empty"],
      ["after=1&after=2", "after: given more than once"],
      ["user_id=x", "user_id: unknown parameter"],
    ])
      assertError(await get(`${usersOf("rivia")}?${query}`), 400, message);
  });
});
