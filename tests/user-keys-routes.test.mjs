/** The routes of the user-key API as its published clients know them: their answers, methods and the order of checks. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  addInstance,
  assertDetail,
  assertFine,
  assertWireHeaders,
  bodies,
  DENIED,
  EVERY_ROUTE,
  keyHeaders,
  NO_INSTANCE,
  NO_KEY,
  NOT_FOUND,
  newProgramKey,
  newUserKey,
  notAllowed,
  VERSIONS,
} from "./support/instances.mjs";
import { serviceForThisFile } from "./support/service.mjs";

const service = await serviceForThisFile({ instrumented: true });

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "MKCOL", "REPORT"];
/** @param {string} method */
const served = (method) => (method === "GET" ? ["GET", "HEAD"] : [method]);
/** @param {string} [text] */
const listed = (text) => (text ?? "").toLowerCase().split(/, */).sort();

describe("the routes", () => {
  for (const { name, version, method, path } of EVERY_ROUTE) {
    test(`${method} ${path("{instance}", "{id}")} answers as the published clients expect it`, async () => {
      const instance = await addInstance(service);
      const { plain } = instance.program;
      const answer = await service.call(method, path(instance.name, instance.ada.id), {
        headers: keyHeaders(plain, instance.ada),
      });
      assertFine(answer, bodies[name](instance, version, answer));
      assert.equal(answer.headers["x-content-type-options"], "nosniff");
      if (name === "reset") assert.match(answer.json.user_key, /^[0-9a-f]{39}[02468ace]$/, "the parity of a user key");
      else assert.doesNotMatch(answer.text, /user_key/, "a key is shown where it was made and nowhere else");
    });

    test(`${method} ${path("{instance}", "{id}")} without its trailing slash is 404`, async () => {
      const { name: instance, ada, account } = await addInstance(service);
      const bare = path(instance, ada.id).slice(0, -1);
      for (const headers of [keyHeaders(account.full), {}]) {
        for (const any of [method, "DELETE"]) assertDetail(await service.call(any, bare, { headers }), 404, NOT_FOUND);
      }
      assertDetail(await service.call(method, `${bare}//`, { headers: keyHeaders(account.full) }), 404, NOT_FOUND);
    });

    test(`${method} ${path("{instance}", "{id}")}: every other method is 405 to callers with permission`, async () => {
      const instance = await addInstance(service);
      const headers = keyHeaders(instance.program.plain, instance.ada);
      for (const other of METHODS.filter((one) => !served(method).includes(one))) {
        const answer = await service.call(other, path(instance.name, instance.ada.id), { headers });
        if (other === "HEAD") assert.deepEqual([answer.status, answer.text], [405, ""]);
        else assertDetail(answer, 405, notAllowed(other));
        assertWireHeaders(answer);
        const allowed = listed(answer.headers.allow).filter((/** @type {string} */ one) => one !== "options");
        assert.deepEqual(allowed, listed(served(method).join(", ")), other);
      }
      assert.deepEqual(await service.audit(), []);
    });

    test(`OPTIONS ${path("{instance}", "{id}")} is answered without a key`, async () => {
      for (const instance of [(await addInstance(service)).name, "nowhere", "a.b"]) {
        const answer = await service.call("OPTIONS", path(instance), {
          headers: {
            origin: "https://app.example",
            "access-control-request-method": method,
            "access-control-request-headers": "x-api-key,x-user-key",
          },
        });
        assert.deepEqual([answer.status, answer.text], [204, ""]);
        assert.equal(answer.headers["access-control-allow-origin"], "*");
        assert.ok(listed(answer.headers["access-control-allow-methods"]).includes(method.toLowerCase()));
        const headers = listed(answer.headers["access-control-allow-headers"]);
        for (const header of ["x-api-key", "x-user-key", "authorization", "content-type"])
          assert.ok(headers.includes(header), header);
        assert.equal(answer.headers["x-d1-round-trips"], "0");
      }
    });
  }

  test("HEAD answers what GET does, without a body", async () => {
    const instance = await addInstance(service);
    const headers = keyHeaders(instance.program.plain, instance.ada);
    for (const { method, path } of EVERY_ROUTE.filter((route) => route.method === "GET")) {
      /** @param {string} one */
      const call = (one, given = headers) => service.call(one, path(instance.name, instance.ada.id), { headers: given });
      const [get, head] = [await call(method), await call("HEAD")];
      assert.deepEqual([head.status, head.text, head.headers["content-type"]], [get.status, "", get.headers["content-type"]]);
      assertWireHeaders(head);
      assert.equal((await call("HEAD", {})).status, 403);
    }
  });

  test("other paths are 404, with a valid key too", async () => {
    const { name, ada, account } = await addInstance(service);
    for (const version of VERSIONS) {
      for (const path of [
        "",
        "instances/",
        `instances/${name}/`,
        `instances/${name}/users/`,
        `instances/${name}/users/${ada.id}/groups/`,
        `instances/${name}/classes/other/`,
        `instances/${name}/users/${ada.id}/reset_key/x/`,
        `instances/${name}/USER/`,
      ]) {
        for (const method of ["GET", "POST"]) {
          assertDetail(
            await service.call(method, `/${version}/${path}`, { headers: keyHeaders(account.full) }),
            404,
            NOT_FOUND,
            path,
          );
        }
      }
    }
  });

  test("a user that does not exist, is of another instance or is not the key's is 404", async () => {
    const [instance, other] = [await addInstance(service), await addInstance(service)];
    for (const { name, method, path } of EVERY_ROUTE.filter((route) => ["reset", "user"].includes(route.name))) {
      for (const id of [other.ada.id, other.ada.id + 1000]) {
        for (const key of [instance.account.full, instance.program.ignoreAcl]) {
          assertDetail(await service.call(method, path(instance.name, id), { headers: keyHeaders(key) }), 404, NOT_FOUND, name);
        }
      }
      const ofBob = { headers: keyHeaders(instance.program.ignoreAcl, instance.bob) };
      assertDetail(
        await service.call(method, path(instance.name, instance.ada.id), ofBob),
        404,
        NOT_FOUND,
        "a user's key opens that user alone",
      );
    }
    assert.deepEqual(await service.audit(), []);
  });
});

describe("the order of checks", () => {
  for (const { name, method, path } of EVERY_ROUTE) {
    test(`${method} ${path("{instance}", "{id}")}: instance, key, permission, method, user`, async () => {
      const instance = await addInstance(service);
      const wrong = method === "GET" ? "DELETE" : "GET";
      const nobody = 9_000_000;
      /** @param {string} one @param {string} where @param {string | number} id @param {Record<string, string>} headers */
      const call = (one, where, id, headers) => service.call(one, path(where, id), { headers });
      for (const one of [method, wrong]) {
        for (const id of [instance.ada.id, nobody, "x"]) {
          for (const where of ["nowhere", "a.b"]) {
            for (const key of [instance.account.full, instance.program.plain, { id: "", key: instance.ada.key }])
              assertDetail(await call(one, where, id, keyHeaders(key)), 404, NO_INSTANCE);
            // Without a key of some instance, it is as if there were one.
            assertDetail(await call(one, where, id, {}), 403, DENIED);
            for (const unknown of ["x", newUserKey()])
              assertDetail(await call(one, where, id, { "x-api-key": unknown }), 403, NO_KEY);
          }
          assertDetail(await call(one, instance.name, id, { "x-api-key": newProgramKey() }), 403, NO_KEY);
          assertDetail(
            await call(one, instance.name, id, keyHeaders(instance.program.plain, { key: newUserKey() })),
            403,
            NO_KEY,
          );
          assertDetail(await call(one, instance.name, id, {}), 403, DENIED);
          assertDetail(await call(one, instance.name, id, keyHeaders(instance.program.plain)), 403, DENIED);
        }
      }
      const own = keyHeaders(instance.program.plain, instance.ada);
      for (const id of [nobody, "x"]) assertDetail(await call(wrong, instance.name, id, own), 405, notAllowed(wrong));
      if (["reset", "user"].includes(name)) assertDetail(await call(method, instance.name, nobody, own), 404, NOT_FOUND);
    });
  }
});
