/** Conformance of the local simulator: its users are listed, created and deleted, and have roles, as those of 3dEye. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { holdClock, PASSWORD, simulatorForThisFile } from "./support/simulator.mjs";

const { api, control, create, emailsOf, listUsers, sim } = await simulatorForThisFile();

describe("listing", () => {
  const seedFive = () => sim.control.seed({ generate: { count: 5, prefix: "p" } });

  test("pages count from 1 and end short", async () => {
    seedFive();
    assert.deepEqual(await emailsOf("customerId=cust-1&page=1&pageSize=2"), ["p1@example.com", "p2@example.com"]);
    assert.deepEqual(await emailsOf("customerId=cust-1&page=3&pageSize=2"), ["p5@example.com"]);
    assert.deepEqual(await emailsOf("customerId=cust-1&page=4&pageSize=2"), []);
    for (const query of ["page=1", "customerId=cust-1&page=0", "customerId=cust-1&pageSize=-1", "customerId=cust-1&page=x"]) {
      assert.equal((await api("GET", `/users?${query}`)).status, 400, query);
    }
  });

  test("the total can be left out and the page size capped", async () => {
    seedFive();
    assert.equal((await api("GET", "/users?customerId=cust-1&pageSize=2")).json.total, 5);
    sim.control.configure({ includeTotal: false, maxPageSize: 3 });
    const { json } = await api("GET", "/users?customerId=cust-1&pageSize=500");
    assert.deepEqual(Object.keys(json), ["data"]);
    assert.equal(json.data.length, 3);
  });

  test("a customer sees its own users only; an unknown one sees none", async () => {
    sim.control.seed([{ email: "ours@example.com" }, { email: "theirs@example.com", customerId: "cust-2" }]);
    assert.deepEqual(await emailsOf("customerId=cust-1"), ["ours@example.com"]);
    assert.deepEqual(await emailsOf("customerId=cust-2"), ["theirs@example.com"]);
    assert.deepEqual((await api("GET", "/users?customerId=nobody")).json, { data: [], total: 0 });
  });

  test("users take the shapes a real tenant might have", async () => {
    sim.control.configure({ idStyle: "numeric", roles: [{ id: 7, name: "Gate" }] });
    sim.control.seed([{ email: "Ada@Example.com", roles: [7], password: "secret" }]);
    const [camel] = await listUsers();
    assert.equal(typeof camel.id, "number");
    assert.equal(camel.email, "Ada@Example.com", "the case is kept");
    assert.deepEqual(camel.roles, [{ id: 7, name: "Gate" }]);
    assert.ok(!JSON.stringify(camel).includes("secret"));
    sim.control.configure({ fieldStyle: "pascal" });
    const [pascal] = await listUsers();
    assert.equal(pascal.Id, camel.id);
    assert.deepEqual(pascal.Roles, [{ Id: 7, Name: "Gate" }]);
    sim.control.configure({ rolesAs: "roleIds" });
    assert.deepEqual((await listUsers())[0].RoleIds, [7]);
    sim.control.configure({ fieldStyle: "camel", idStyle: "guid" });
    assert.match((await create("guid@example.com")).json.id, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    assert.deepEqual((await listUsers())[0].roleIds, [7]);
  });

  test("10,000 users are seeded and paged quickly", async () => {
    const { status, json } = await control("POST", "/users", {
      generate: { count: 10_000, customerId: "cust-1", prefix: "m", roles: ["r"] },
    });
    assert.equal(status, 201);
    assert.equal(json.created, 10_000);
    const emails = new Set();
    for (let page = 1; page <= 10; page += 1) {
      for (const email of await emailsOf(`customerId=cust-1&page=${page}&pageSize=1000`)) emails.add(email);
    }
    assert.equal(emails.size, 10_000);
  });
});

describe("creating and deleting", () => {
  test("a user is created with names, customer, roles and the chosen password", async () => {
    sim.control.configure({ roles: ["viewer"] });
    const { status, json } = await create("ada@example.com", { roleIds: ["viewer"] });
    assert.equal(status, 201);
    const [kept] = sim.control.users();
    assert.equal(kept.id, json.id);
    assert.deepEqual([kept.firstName, kept.lastName, kept.customerId, kept.roles], ["Ada", "Lovelace", "cust-1", ["viewer"]]);
    assert.equal(kept.password, PASSWORD);
  });

  test("the answer's status, envelope and id can vary", async () => {
    sim.control.configure({ createStatus: 200, createEnvelope: "data" });
    const wrapped = await create("one@example.com");
    assert.equal(wrapped.status, 200);
    assert.ok(wrapped.json.data.id);
    sim.control.configure({ createEnvelope: "bare", createWithoutId: true });
    const { json } = await create("two@example.com");
    assert.equal(json.email, "two@example.com");
    assert.ok(!("id" in json));
  });

  test("incomplete users, unknown roles and weak passwords are refused", async () => {
    const weak = [
      "Abcdefghij0123456-_",
      "Abcdefghij0123456-_ZZ",
      "abcdefghij0123456-_z",
      "ABCDEFGHIJ0123456-_Z",
      "Abcdefghijklmnopq-_Z",
      "Abcdefghij0123456789",
      "Abcdefghij0123456-é!",
    ];
    /** @type {object[]} */
    const wrong = [
      { email: undefined },
      { password: undefined },
      { customerId: undefined },
      { roleIds: ["nope"] },
      ...weak.map((password) => ({ password })),
    ];
    for (const more of wrong) assert.equal((await create("ada@example.com", more)).status, 400, JSON.stringify(more));
    assert.equal((await api("POST", "/users", { body: "not an object" })).status, 400);
    assert.deepEqual(sim.control.users(), []);
  });

  test("an e-mail is unique across customers, whatever its case", async () => {
    sim.control.seed([{ email: "Orphan@Example.com", customerId: "cust-2" }]);
    assert.equal((await create("orphan@example.COM")).status, 409);
    assert.deepEqual(await emailsOf(), [], "and our customer can't see why");
    sim.control.configure({ duplicate: { status: 422, body: { title: "E-mail is already in use" } } });
    const { status, json } = await create("orphan@example.com");
    assert.deepEqual([status, json], [422, { title: "E-mail is already in use" }]);
    sim.control.configure({ duplicate: { status: 400, body: "User already exists" } });
    assert.equal((await create("orphan@example.com")).text, "User already exists");
  });

  test("a new user is taken at once and listed later", async (t) => {
    const pass = holdClock(t);
    sim.control.configure({ visibilityDelayMs: { create: 5000 } });
    await create("late@example.com");
    assert.deepEqual(await emailsOf(), []);
    assert.equal(sim.control.users()[0].visible, false);
    assert.equal((await create("late@example.com")).status, 409);
    pass(5000);
    assert.deepEqual(await emailsOf(), ["late@example.com"]);
  });

  test("a deleted user is gone at once, and its e-mail stays taken for a while", async (t) => {
    const pass = holdClock(t);
    sim.control.configure({ visibilityDelayMs: { delete: 5000 } });
    const { json } = await create("gone@example.com");
    assert.equal((await api("DELETE", `/users/${json.id}`)).status, 204);
    assert.equal((await api("DELETE", `/users/${json.id}`)).status, 404);
    assert.deepEqual(await emailsOf(), []);
    assert.equal((await create("GONE@example.com")).status, 409);
    pass(5000);
    assert.equal((await create("gone@example.com")).status, 201);
  });

  test("another customer's user can't be deleted", async () => {
    const [theirs] = sim.control.seed([{ email: "theirs@example.com", customerId: "cust-2" }]);
    assert.equal((await api("DELETE", `/users/${theirs.id}`)).status, 404);
    sim.control.configure({ ownCustomerId: "cust-2", deleteStatus: 200 });
    assert.equal((await api("DELETE", `/users/${theirs.id}`)).status, 200);
  });
});

describe("roles", () => {
  test("a role is attached once, to known users only", async () => {
    const [user, theirs] = sim.control.seed([
      { email: "ada@example.com", roles: ["old role"] },
      { email: "b@example.com", customerId: "cust-2" },
    ]);
    sim.control.configure({ roles: ["new role"] });
    /** @param {string | number} role @param {import("../dev/simulator/directory.mjs").Id} id */
    const attach = (role, id) => api("POST", `/roles/${encodeURIComponent(role)}/users/${id}`);
    assert.equal((await attach("new role", user.id)).status, 204);
    assert.equal((await attach("new role", user.id)).status, 409);
    assert.equal((await attach("old role", user.id)).status, 404, "the configured list replaces the seeded one");
    assert.equal((await attach("new role", "nobody")).status, 404);
    assert.equal((await attach("new role", theirs.id)).status, 404);
    assert.deepEqual(sim.control.users()[0].roles, ["old role", "new role"]);
  });

  test("the user may take a while to reach the roles, counted by pair", async () => {
    sim.control.configure({ roleAttachNotFoundTimes: 2, attachStatus: 200, roles: ["a", "b"] });
    const [{ id }] = sim.control.seed([{ email: "ada@example.com" }]);
    const statuses = [];
    for (const role of ["a", "a", "b", "a"]) statuses.push((await api("POST", `/roles/${role}/users/${id}`)).status);
    assert.deepEqual(statuses, [404, 404, 404, 200]);
  });
});

describe("a dialect", () => {
  const configure = (/** @type {object | null} */ dialect) => sim.control.configure({ dialect });

  test("is given by what differs, replaces the one before, and ends with null", async () => {
    sim.control.seed({ generate: { count: 3, prefix: "p" } });
    configure({ firstPage: 0, maxPageSize: 2, answers: { items: "users", email: "login" }, query: { pageSize: "limit" } });
    const { json } = await api("GET", "/users?customerId=cust-1&page=1&limit=2");
    assert.deepEqual([json.users.length, json.users[0].login, json.total], [1, "p3@example.com", 3]);
    for (const query of ["page=-1&limit=2", "page=0&limit=3", "page=0&limit=0"]) {
      assert.equal((await api("GET", `/users?customerId=cust-1&${query}`)).status, 400, query);
    }
    configure({ paths: { users: "/people" } });
    assert.equal((await api("GET", "/users?customerId=cust-1")).status, 404);
    assert.equal((await api("GET", "/people?customerId=cust-1&page=1&pageSize=500")).json.data.length, 3);
    configure(null);
    assert.equal((await listUsers()).length, 3);
  });

  test("takes a role only as it says", async () => {
    const [{ id }] = sim.control.seed([{ email: "ada@example.com", roles: [{ id: "r 1" }] }]);
    sim.control.configure({ roles: [{ id: "r 1" }, { id: "r2" }] });
    configure({
      paths: { attachRole: "/people/{userId}/roles" },
      attachRole: { method: "PATCH", body: { add: ["role:{roleId}"], by: null }, attachedStatuses: [] },
    });
    const attach = (/** @type {any} */ body, method = "PATCH") => api(method, `/people/${id}/roles`, { body });
    for (const body of [
      undefined,
      {},
      { add: [] },
      { add: ["r2"], by: null },
      { add: ["role:r2"] },
      { add: ["role:r2"], by: null, more: 1 },
    ]) {
      assert.equal((await attach(body)).status, 400, JSON.stringify(body));
    }
    assert.equal((await attach({ add: ["role:r2"], by: null }, "POST")).status, 405);
    assert.equal((await attach({ add: ["role:r2"], by: null })).status, 204);
    assert.equal((await attach({ add: ["role:r 1"], by: null })).status, 204, "attached already");
    assert.equal((await attach({ add: ["role:r3"], by: null })).status, 404);
    assert.deepEqual(sim.control.users()[0].roles, ["r 1", "r2"]);
  });

  test("says that an e-mail is taken by a status, or by a word where it has none", async () => {
    sim.control.seed([{ email: "ada@example.com" }]);
    configure({ taken: { statuses: [], statusesWithWord: [406], words: ["in use"] } });
    const { status, json } = await create("ada@example.com");
    assert.deepEqual([status, json.message.includes("in use")], [406, true]);
    sim.control.configure({ duplicate: { status: 418 } });
    assert.equal((await create("ada@example.com")).status, 418);
  });

  test("that is none is refused by name", async () => {
    for (const [dialect, named] of /** @type {[any, string][]} */ ([
      [{ path: {} }, "config.dialect.path"],
      [{ paths: { token: "auth" } }, "config.dialect.paths.token"],
      [{ taken: { status: [409] } }, "config.dialect.taken.status"],
      [{ firstPage: 2 }, "config.dialect.firstPage"],
      [[], "config.dialect"],
    ])) {
      const { status, json } = await control("PATCH", "/config", { dialect });
      assert.equal(status, 400);
      assert.ok(json.error.startsWith(`${named} `), json.error);
    }
  });
});
