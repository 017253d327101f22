/**
 * A tenant of 3dEye that differs from docs/3DEYE.md in everything that THREEDEYE_DIALECT can say, and the Worker told so: it
 * does there what it does elsewhere. How each call is made and read is shown natively (src/threedeye/wire/tests/dialect.rs).
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { defaultDialect } from "../dev/simulator/dialect.mjs";
import { inRoot } from "../dev/tooling/paths.mjs";
import { servicesForThisFile } from "./support/service.mjs";

const dialect = JSON.parse(readFileSync(inRoot("dev", "conformance", "dialect.json"), "utf8"));

const { service, table, unaware } = await servicesForThisFile(
  {
    service: { vars: { THREEDEYE_DIALECT: JSON.stringify(dialect) } },
    // As a table in wrangler.toml arrives.
    table: { vars: { THREEDEYE_DIALECT: dialect } },
    unaware: {},
  },
  { dialect },
);

const ROLES = ["front-door", "garage"];

/** What arrived at 3dEye, each once, with a star for ids. */
function calls() {
  const own = service.sim.calls().filter(({ path }) => path.startsWith("/v3/"));
  return new Set(own.map(({ method, path }) => `${method} ${path.slice("/v3".length).replace(/members\/[^/]+/, "members/*")}`));
}

const [TOKEN, LIST, CREATE, DELETE, ATTACH] = [
  "POST /oauth/access",
  "GET /tenants/members",
  "POST /tenants/members",
  "DELETE /tenants/members/*/account",
  "PUT /tenants/members/*/grants",
];

test("the simulator speaks otherwise in everything", () => {
  const assumed = /** @type {Record<string, any>} */ (defaultDialect());
  const [, guide] = readFileSync(inRoot("docs", "3DEYE.md"), "utf8").split("\n## The dialect\n");
  assert.deepEqual(assumed, JSON.parse(guide.split("```json\n")[1].split("```")[0]));
  assert.deepEqual(Object.keys(dialect), Object.keys(assumed));
  for (const [name, value] of Object.entries(dialect)) {
    const isSection = typeof value === "object";
    if (isSection) assert.deepEqual(Object.keys(value), Object.keys(assumed[name]), name);
    for (const member of isSection ? Object.keys(value) : []) {
      assert.notDeepEqual(value[member], assumed[name][member], `${name}.${member}`);
    }
    assert.notDeepEqual(value, assumed[name], name);
  }
});

describe("a backfill", () => {
  test("makes accounts, takes others over with their roles, and sees what is another customer's", async () => {
    // More than a page holds, so that what is sought is on later ones.
    service.sim.seed({ generate: { count: 8, prefix: "stranger-" } });
    const fresh = await service.addUsers(Array.from({ length: 4 }, () => ({})));
    const stuck = await service.addUser({ email: "Stuck.Stella@residents.example" });
    const orphaned = await service.addUser();
    service.sim.seed([
      { email: stuck.email.toUpperCase(), roles: ROLES.map((id) => ({ id })) },
      { email: orphaned.email, customerId: "another customer" },
    ]);
    const { json, text } = await service.backfill();
    assert.deepEqual([json.created, json.quarantined, json.failed, json.remaining], [5, 1, 1, 0], text);
    for (const user of fresh) await service.assertProvisioned(user);
    await service.assertProvisioned(stuck, { roles: ROLES });
    assert.deepEqual(calls(), new Set([TOKEN, LIST, CREATE, DELETE, ATTACH]));
    const lists = service.sim.calls().filter(({ method, path }) => method === "GET" && path.endsWith(dialect.paths.users));
    assert.equal(lists[0].query.offset, "0");
    for (const { query, status } of lists) {
      assert.deepEqual([status, Object.keys(query), query.limit], [200, ["tenant", "offset", "limit"], "3"]);
    }
  });

  test("adopts the account whose create lost its answer", async () => {
    const user = await service.addUser();
    const create = { method: "POST", path: dialect.paths.users, email: user.email };
    service.sim.fault({ match: create, action: { reset: "after" } });
    assert.equal((await service.backfill()).json.created, 1);
    assert.equal((await service.audit())[0].outcome, "adopted");
    await service.assertProvisioned(user);
  });

  test("of a Worker that does not know the dialect fails, and changes nothing", async () => {
    await unaware.addUser();
    assert.equal((await unaware.backfill()).status, 502);
    assert.deepEqual(unaware.sim.users(), []);
    assert.deepEqual(await unaware.sql("SELECT state FROM threedeye_users WHERE state = 'quarantined'"), []);
  });
});

describe("a reset", () => {
  test("keeps the roles of the account that it replaces", async () => {
    const user = await service.addUser();
    service.sim.seed([{ email: user.email, roles: ROLES.map((id) => ({ id })) }]);
    const before = await service.assertProvisioned(user, { roles: ROLES });
    const { json, text } = await service.reset(user, { deleteRemote: true, preserveRoles: true, reprovision: true });
    assert.deepEqual(json.remote.removedRoleIds, ROLES, text);
    assert.equal(json.reprovision.error, null, text);
    const after = await service.assertProvisioned(user, { roles: ROLES });
    assert.notEqual(after.threeDeyeUserId, before.threeDeyeUserId);
    assert.notEqual(after.password, before.password);
  });

  test("takes an account that is gone already for deleted, and a role that is there for attached", async () => {
    const user = await service.addUser();
    service.sim.seed([{ email: user.email, roles: ["garage"].map((id) => ({ id })) }]);
    service.sim.fault({ match: { method: "DELETE" }, action: { reset: "after" } });
    service.sim.fault({ match: { method: "PUT" }, action: { status: 500, after: true } });
    await service.assertProvisioned(user, { roles: ["garage"] });
    const statuses = service.sim.calls().filter(({ method }) => method === "DELETE" || method === "PUT");
    assert.deepEqual(
      statuses.map(({ method, status }) => [method, status]),
      [
        ["DELETE", "reset"],
        ["DELETE", 410],
        ["PUT", 500],
        ["PUT", 410],
      ],
    );
  });
});

describe("credentials", () => {
  test("are made when first asked for, and cost 3dEye nothing afterwards", async () => {
    const user = await service.addUser();
    const first = await service.assertProvisioned(user);
    service.sim.clearCalls();
    assert.deepEqual(await service.assertProvisioned(user), first);
    assert.deepEqual(calls(), new Set());
  });

  test("are those of the dialect too where it is a table", async () => {
    const user = await table.addUser();
    await table.assertProvisioned(user);
    const shown = await table.admin("GET", "/admin/system");
    const setting = shown.json.settings.find((/** @type {{name: string}} */ { name }) => name === "THREEDEYE_DIALECT");
    assert.deepEqual(JSON.parse(setting.value), dialect);
  });
});
