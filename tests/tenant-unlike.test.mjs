/** `npm run tenant` against tenants that are unlike what we assume: each is told with the setting or file that changes it. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { frontOf, renamed, takeAs } from "./support/front.mjs";
import { API_KEY, simulatorForThisFile } from "./support/simulator.mjs";
import { assertDiffers, EXIT, rowOf, rowsThat, tenantFor, WITH_LOGIN } from "./support/tenant.mjs";

const { sim } = await simulatorForThisFile();
const front = await frontOf(sim);
const { run } = await tenantFor(front);

const EMAIL = "you+test@example.com";
const WRITE = ["--write", EMAIL, "--yes"];

beforeEach(() => {
  front.be({});
  sim.control.seed({ generate: { count: 6, prefix: "person-", roles: [{ id: "role-71", name: "Gate" }] } });
});

/** Whether a page of the list was answered. @param {any} told @param {any} asked */
const isPage = (told, asked) => isList(asked) && told.status === 200;
const isList = (/** @type {{method: string, path: string}} */ { method, path }) => method === "GET" && path === "/users";

/**
 * A second run with the dialect that the first one printed is as assumed.
 * @param {any} ended @param {Record<string, string>} [env]
 */
async function assertSetRight(ended, env = {}, args = /** @type {string[]} */ ([])) {
  const set = await run(args, { ...env, THREEDEYE_DIALECT: JSON.stringify(ended.report.dialect) });
  assert.equal(set.code, EXIT.asAssumed, set.stdout);
  assert.equal(set.report.dialect, null);
}

describe("names that a setting changes", () => {
  test("of answers", async () => {
    const names = { data: "results", total: "totalCount", id: "userId", email: "mail", accessToken: "access_token" };
    const other = { ...names, expiresIn: "expires_in" };
    front.be({ tell: (told) => ({ ...told, body: renamed(told.body, other) }) });
    const ended = await run(WRITE, WITH_LOGIN);
    assert.deepEqual(rowsThat(ended, "differs"), [3, 5, 6, 7], ended.stdout);
    assert.equal(rowOf(ended, 7).differences[0].change, "THREEDEYE_DIALECT answers.id");
    assert.deepEqual(ended.report.dialect.answers, {
      items: "results",
      total: "totalCount",
      id: "userId",
      email: "mail",
      roleId: "userId",
      accessToken: "access_token",
      expiresIn: "expires_in",
    });
    assert.equal(sim.control.users().length, 6, "what was made could be deleted");
    await assertSetRight(ended, WITH_LOGIN, WRITE);
  });

  test("of lists of roles", async () => {
    front.be({ tell: (told) => ({ ...told, body: renamed(told.body, { roles: "groups" }) }) });
    const objects = await run();
    assertDiffers(objects, 7, { seen: /the field groups/, change: /answers\.roles$/ });
    await assertSetRight(objects);
    sim.control.configure({ rolesAs: "roleIds" });
    front.be({ tell: (told) => ({ ...told, body: renamed(told.body, { roleIds: "groups" }) }) });
    const ids = await run();
    assertDiffers(ids, 7, { seen: /the field groups/, change: /answers\.roleIds$/ });
    await assertSetRight(ids);
  });

  test("of lists of roles that not every user has", async () => {
    front.be({
      tell: (told) => {
        const body = renamed(told.body, { roles: "groups" });
        if (Array.isArray(body?.data) && body.data.length > 1) delete body.data[1].groups;
        return { ...told, body };
      },
    });
    const ended = await run([], { THREEDEYE_PAGE_SIZE: "4" });
    assertDiffers(ended, 7, { seen: /only some users have the field groups/, change: /wire\/list\.rs.*it cannot be set: / });
    assert.equal(ended.report.dialect, null);
  });

  test("of roles that are set wrongly", async () => {
    for (const roles of ["role", "groups"]) {
      const wrong = await run([], { THREEDEYE_DIALECT: JSON.stringify({ answers: { roles } }) });
      assertDiffers(wrong, 7, { seen: /^the field roles$/, change: /answers\.roles$/ });
      assert.deepEqual(wrong.report.dialect, { answers: { roles: "roles" } });
      assert.equal(wrong.transcript.exchanges[0].reading, "error:unreadable_answer");
    }
    front.be({
      tell: (told) => {
        const body = renamed(told.body, { roles: "groups" });
        if (Array.isArray(body?.data) && body.data.length > 1) delete body.data[1].groups;
        return { ...told, body };
      },
    });
    const some = await run([], { THREEDEYE_DIALECT: '{"answers":{"roles":"groups"}}' });
    assertDiffers(some, 7, { seen: /users without either/, change: /wire\/list\.rs/ });
    assert.equal(some.report.dialect, null);
  });

  test("of the list's parameters", async () => {
    /** @type {[string, string, number][]} the last: the row that tells it */
    const parameters = [
      ["pageNumber", "page", 6],
      ["limit", "pageSize", 6],
      ["tenantId", "customerId", 6],
    ];
    for (const [other, usual, row] of parameters) {
      front.be({ ask: (asked) => void (isList(asked) && takeAs(asked.query, other, usual)) });
      const ended = await run([], { THREEDEYE_PAGE_SIZE: "4" });
      assertDiffers(ended, row, { seen: new RegExp(other), change: /^THREEDEYE_DIALECT query\./ });
      assert.deepEqual(Object.values(ended.report.dialect.query), [other]);
      await assertSetRight(ended, { THREEDEYE_PAGE_SIZE: "4" });
    }
  });

  test("a customer that is ignored", async () => {
    front.be({ ask: (asked) => void (isList(asked) && asked.query.set("customerId", "cust-1")) });
    const ended = await run();
    assert.deepEqual(rowsThat(ended, "differs"), [6, 12]);
    assert.match(rowOf(ended, 12).differences[0].seen, /it has users/);
    assert.equal(ended.report.dialect, null);
  });

  test("pages that count from 0", async () => {
    front.be({
      ask: (asked) => {
        if (isList(asked)) asked.query.set("page", String(Number(asked.query.get("page")) + 1));
      },
    });
    for (const pageSize of ["2", "500"]) {
      const ended = await run([], { THREEDEYE_PAGE_SIZE: pageSize });
      assertDiffers(ended, 6, { seen: /they count from 0/, change: /firstPage/ });
      assert.deepEqual(ended.report.dialect, { firstPage: 0 });
      await assertSetRight(ended, { THREEDEYE_PAGE_SIZE: pageSize });
    }
    front.be({});
    const back = await run([], { THREEDEYE_DIALECT: '{"firstPage":0}' });
    assertDiffers(back, 6, { seen: /they count from 1/, change: /firstPage/ });
  });
});

/** Every part of it differs from what we assume. */
const DIALECT = {
  paths: { token: "/sign-in", users: "/people", user: "/people/{userId}/record", attachRole: "/people/{userId}/doors" },
  query: { customer: "site", page: "start", pageSize: "max" },
  firstPage: 0,
  maxPageSize: 4,
  answers: {
    items: "people",
    total: "amount",
    id: "key",
    email: "address",
    roles: "doors",
    roleIds: "doorKeys",
    roleId: "door",
    accessToken: "ticket",
    expiresIn: "seconds",
  },
  create: { email: "address", password: "word", firstName: "given", lastName: "family", customer: "site", roleIds: "doorKeys" },
  login: { username: "address", password: "word" },
  taken: { statuses: [412], statusesWithWord: [406], words: ["in use"] },
  attachRole: { method: "PUT", body: { door: "{roleId}" }, attachedStatuses: [423] },
  delete: { goneStatuses: [410] },
};

test("a tenant in which everything differs is as assumed once it is set", async () => {
  sim.control.configure({ dialect: DIALECT });
  const other = await run([], WITH_LOGIN);
  assert.equal(other.code, EXIT.differs);
  assert.match(rowOf(other, 3).differences[0].change, /paths\.token/);
  sim.control.configure({ requireBearer: true });
  const env = { ...WITH_LOGIN, THREEDEYE_DIALECT: JSON.stringify(DIALECT) };
  const set = await run([...WRITE, "--role", "role-71"], env);
  assert.equal(set.code, EXIT.asAssumed, set.stdout);
  assert.deepEqual(rowsThat(set, "could not be seen"), [15]);
  assert.deepEqual(set.transcript.dialect, DIALECT);
  assert.equal(sim.control.users().length, 6);
});

test("a customer without users is as assumed where one that does not exist is refused", async () => {
  sim.control.reset();
  front.be({ ask: (asked) => (asked.query.get("customerId")?.startsWith("none-") ? { status: 404 } : undefined) });
  const ended = await run();
  assert.equal(ended.code, EXIT.asAssumed, ended.stdout);
  assert.match(rowOf(ended, 12).seen.join(), /a customer that is not ours answers 404/);
});

describe("large pages that are refused", () => {
  test("the largest size tried that is accepted is proposed, also beside another name", async () => {
    for (const [limit, status, size, other] of /** @type {[number, number, number, Record<string, string>][]} */ ([
      [100, 400, 100, {}],
      [120, 422, 100, {}],
      [10, 413, 10, {}],
      [499, 400, 400, { tenantId: "customerId" }],
    ])) {
      front.be({
        ask: (asked) => {
          if (!isList(asked)) return;
          for (const [name, usual] of Object.entries(other)) takeAs(asked.query, name, usual);
          if (Number(asked.query.get("pageSize")) > limit) return { status, body: { message: "The page is too large" } };
        },
      });
      const ended = await run();
      assert.deepEqual(rowsThat(ended, "differs"), [6], ended.stdout);
      const { seen, change } = rowOf(ended, 6).differences.at(-1);
      assert.equal(seen, `${size} is the largest size tried that is accepted`);
      assert.equal(change, "THREEDEYE_DIALECT maxPageSize");
      assert.equal(ended.report.dialect.maxPageSize, size);
      await assertSetRight(ended);
    }
  });
});

describe("what is in the code", () => {
  test("a bare list", async () => {
    front.be({ tell: (told, asked) => (isPage(told, asked) ? { ...told, body: told.body.data } : told) });
    const ended = await run();
    assertDiffers(ended, 5, { seen: /a bare list/, change: /wire\/list\.rs/ });
    assert.equal(rowOf(ended, 7).verdict, "as assumed", "its users are seen nonetheless");
  });

  test("a total that is no number, or of the page alone", async () => {
    front.be({ tell: (told, asked) => (isPage(told, asked) ? { ...told, body: { ...told.body, total: "6" } } : told) });
    assertDiffers(await run(), 6, { seen: /something else/, change: /wire\/list\.rs/ });
    front.be({
      tell: (told, asked) => (isPage(told, asked) ? { ...told, body: { ...told.body, total: told.body.data.length } } : told),
    });
    assertDiffers(await run(), 6, { seen: /those of the page/, change: /wire\/list\.rs/ });
  });

  test("users without an id or an e-mail", async () => {
    for (const name of ["id", "email"]) {
      front.be({
        tell: (told, asked) => {
          if (isList(asked) && told.body.data?.[0]) delete told.body.data[0][name];
          return told;
        },
      });
      assertDiffers(await run(), 7, { seen: /users without one/, change: /wire\/list\.rs/ });
    }
  });

  test("a user without an e-mail on a later page", async () => {
    front.be({
      tell: (told, asked) => {
        if (isPage(told, asked) && asked.query.get("page") === "3") delete told.body.data[0].email;
        return told;
      },
    });
    const ended = await run([], { THREEDEYE_PAGE_SIZE: "2" });
    assertDiffers(ended, 7, { seen: /users without one/, change: /wire\/list\.rs/ });
    assert.match(rowOf(ended, 6).unseen.join(), /the end of the list: page 3: 200, unreadable answer/);
  });

  test("a page beyond the end that is an error, where no total is told", async () => {
    sim.control.configure({ includeTotal: false });
    front.be({
      tell: (told, asked) =>
        isList(asked) && told.body.data?.length === 0 && asked.query.get("customerId") === "cust-1" ? { status: 404 } : told,
    });
    const ended = await run();
    assert.ok(rowOf(ended, 6).differences.some((/** @type {any} */ one) => /answers 404/.test(one.seen)));
  });

  test("a key that is not checked, and errors with 200", async () => {
    front.be({
      ask: ({ headers }) => {
        headers["x-api-key"] = API_KEY;
      },
    });
    assertDiffers(await run(), 2, { seen: /a wrong key reads the list/, change: /wire\/mod\.rs/ });
    front.be({ tell: (told) => (told.status === 401 ? { status: 200, body: { success: false } } : told) });
    assertDiffers(await run(), 16, { seen: /200 without a list/, change: /wire\/mod\.rs/ });
  });

  test("a token that has ended and is not refused with 401", async () => {
    front.be({ tell: (told, asked) => (told.status === 401 && asked.headers.authorization ? { status: 403 } : told) });
    assertDiffers(await run([], WITH_LOGIN), 4, { seen: /403/, change: /wire\/mod\.rs/ });
  });

  test("e-mails that are not unique, or only in one letter case", async () => {
    let count = 0;
    const asOther = (/** @type {any} */ { path, body, method }) => {
      if (method === "POST" && path === "/users") body.email = `${count++}-${body.email}`;
    };
    front.be({
      ask: asOther,
      tell: (told) => ({
        ...told,
        body: JSON.parse(JSON.stringify(told.body ?? "").replaceAll(/\d+-you/gi, "you")) || undefined,
      }),
    });
    const ended = await run([...WRITE, "--wait", "0.5"]);
    assert.ok(rowsThat(ended, "differs").includes(11));
    assert.ok(rowsThat(ended, "differs").includes(13));
    assert.equal(sim.control.users().length, 6, "each of them was deleted");
  });

  test("statuses that cannot be set, because an outage or a wrong key has them, too", async () => {
    const taken = { status: 500, body: { message: "The user exists already" } };
    /** @type {[number, RegExp, number, {status: number, body?: any}, {seen: RegExp, change: RegExp}][]} */
    const answers = [
      [
        9,
        /^DELETE .users/,
        404,
        { status: 403 },
        { seen: /^403$/, change: /accounts\.rs; .* 400 to 499 but 401, 403, 408, 429$/ },
      ],
      [10, /^POST .roles/, 409, { status: 404 }, { seen: /^404$/, change: /roles\.rs; .* but 401, 403, 404, 408, 429$/ }],
      [11, /^POST .users/, 409, taken, { seen: /^500: The user exists already$/, change: /accounts\.rs; .* but 401, 403/ }],
    ];
    for (const [row, call, usual, other, difference] of answers) {
      front.be({ tell: (told, { method, path }) => (call.test(`${method} ${path}`) && told.status === usual ? other : told) });
      const ended = await run([...WRITE, "--role", "role-71", "--wait", "1"]);
      assertDiffers(ended, row, difference);
      assert.match(rowOf(ended, row).differences[0].change, /; it cannot be set: THREEDEYE_DIALECT is wrong at /);
      assert.equal(ended.report.dialect, null);
      assert.equal(sim.control.users().length, 6, "what was made could be deleted");
    }
  });

  test("a password that is refused", async () => {
    front.be({
      ask: ({ method, path, body }) => {
        if (method === "POST" && path === "/users") {
          return { status: 400, body: { message: `The password ${body.password} of ${body.email} is too long\u001b[2J` } };
        }
      },
    });
    const ended = await run(WRITE);
    assert.deepEqual(rowsThat(ended, "differs"), [8, 17]);
    assert.equal(rowOf(ended, 8).differences[0].seen, "400: The password … of … is too long [2J");
  });
});

describe("ids", () => {
  test("that JavaScript would round are kept exactly", async () => {
    const big = (/** @type {string} */ text) =>
      text.replace(/"id":"([0-9a-f]{8})[^"]*"/g, (_all, hex) => `"id":9007199254${Number.parseInt(hex, 16)}`);
    const ids = () => new Map(sim.control.users().map(({ id }) => [big(`"id":"${id}"`).slice(5), String(id)]));
    front.be({
      ask: (asked) => {
        const [, id] = /^\/users\/(.+)$/.exec(asked.path) ?? [];
        if (id !== undefined) asked.path = `/users/${ids().get(id) ?? "unknown"}`;
      },
      tell: (told) => ({ ...told, body: told.body && big(JSON.stringify(told.body)) }),
    });
    const ended = await run(WRITE);
    assert.equal(ended.code, EXIT.asAssumed, ended.stdout);
    assert.match(rowOf(ended, 7).seen.join(), /ids are whole numbers/);
    assert.equal(sim.control.users().length, 6);
    assert.match(ended.transcriptText, /\\"id\\":9000000000000000002/);
  });
});
