/** Bodies, ids, names and keys that no client of the user-key API sends on purpose. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  addInstance,
  assertDetail,
  assertFine,
  bodies,
  DENIED,
  EVERY_ROUTE,
  keyHeaders,
  NO_INSTANCE,
  NO_KEY,
  NOT_FOUND,
  userBody,
} from "./support/instances.mjs";
import { serviceForThisFile } from "./support/service.mjs";

/** @import { Options } from "./support/http.mjs" */

const service = await serviceForThisFile({ instrumented: true });

describe("bodies", () => {
  /** @type {Record<string, Options>} */
  const BODIES = {
    "an empty object": { json: {} },
    "what no JSON is": { body: "{", headers: { "content-type": "application/json" } },
    "a list": { json: [1, 2] },
    bytes: { body: Buffer.from([0xff, 0, 0xfe]), headers: { "content-type": "application/octet-stream" } },
    "a form": { body: "id=1&user_key=x", headers: { "content-type": "application/x-www-form-urlencoded" } },
    "text of no type": { body: "x", headers: {} },
    chunks: { body: ["{", "}"], headers: { "content-type": "text/plain", "transfer-encoding": "chunked" } },
    "200 KB": { body: "x".repeat(200 * 1024), headers: { "content-type": "application/json" } },
    "nothing, announced": { body: "", headers: { "content-type": "application/json" } },
  };

  for (const [what, { headers: given = {}, ...body }] of Object.entries(BODIES)) {
    test(`${what}: it is ignored, on GET too`, async () => {
      const instance = await addInstance(service);
      for (const { name, version, method, path } of EVERY_ROUTE) {
        const headers = { ...given, ...keyHeaders(instance.program.plain, instance.ada) };
        const answer = await service.call(method, path(instance.name, instance.ada.id), { ...body, headers });
        assertFine(answer, bodies[name](instance, version, answer));
        if (name === "reset") instance.ada.key = answer.json.user_key;
        assertDetail(await service.call(method, path(instance.name, instance.ada.id), { ...body, headers: given }), 403, DENIED);
      }
    });
  }
});

describe("bad input", () => {
  const IDS = [
    "0",
    "-1",
    "+1",
    "1e3",
    "1.0",
    "01",
    "0x1",
    "9223372036854775807",
    "9223372036854775808",
    "9007199254740992",
    "1".repeat(100),
    "%2e",
    "%2e%2e",
    "%00",
    "%ff",
    "%c3",
    "%D9%A3",
    "%EF%BC%91",
    "%20",
    "1%20",
    "%201",
    "1%2f",
    "%31%00",
    "",
    "1;2",
    "null",
    "NaN",
    "'",
    "*",
  ];

  for (const id of IDS) {
    test(`the id ${JSON.stringify(id.slice(0, 24))} belongs to no user`, async () => {
      const { name, account, program } = await addInstance(service);
      for (const { method, path } of EVERY_ROUTE.filter((route) => ["reset", "user"].includes(route.name))) {
        assertDetail(await service.call(method, path(name, id), { headers: keyHeaders(account.full) }), 404, NOT_FOUND);
        // Without a path segment for the id there is no route.
        const isSegment = !["", "%2e", "%2e%2e"].includes(id);
        if (isSegment)
          assertDetail(await service.call(method, path(name, id), { headers: keyHeaders(program.plain) }), 403, DENIED);
      }
    });
  }

  test("an instance's name has up to 64 letters, digits, hyphens and underscores, in either case", async () => {
    for (const name of ["a".repeat(64), "x", "0-_", "rivia_2-b"]) {
      const instance = await addInstance(service, name);
      for (const written of [name, name.toUpperCase()]) {
        const headers = keyHeaders(instance.program.plain, instance.ada);
        assertFine(
          await service.call("GET", `/v1.1/instances/${written}/user/`, { headers }),
          userBody(instance, instance.ada, "v1.1"),
        );
      }
    }
  });

  for (const name of [
    "a".repeat(65),
    "%C3%A4",
    "%E2%84%AA",
    "a%2fb",
    "%ff",
    "a%00",
    "a.b",
    "a%20b",
    "%2525",
    "a%0a",
    "-%27",
    "a".repeat(4000),
    "",
  ]) {
    test(`the instance ${JSON.stringify(name.slice(0, 24))} is not there, and D1 is asked for the key alone`, async () => {
      const { account } = await addInstance(service);
      for (const { method, path } of EVERY_ROUTE) {
        const answer = await service.call(method, path(name), { headers: keyHeaders(account.full) });
        assertDetail(answer, 404, NO_INSTANCE);
        assert.equal(answer.headers["x-d1-round-trips"], "1");
      }
    });
  }

  for (const dots of ["%2e", "%2e%2e"]) {
    test(`the instance ${dots} is 404 on every route`, async () => {
      const { account } = await addInstance(service);
      for (const { method, path } of EVERY_ROUTE) {
        const answer = await service.call(method, path(dots), { headers: keyHeaders(account.full) });
        assert.deepEqual([answer.status, Object.keys(answer.json)], [404, ["detail"]]);
      }
    });
  }

  test("a malformed key is refused as an unknown one", async () => {
    const instance = await addInstance(service);
    const { ada, program } = instance;
    const long = "x".repeat(8000);
    for (const bad of [
      ada.key.slice(1),
      `${ada.key}0`,
      `${ada.key.slice(1)}g`,
      `0x${ada.key.slice(2)}`,
      "x",
      "'; --",
      long,
      `${ada.key} ${ada.key}`,
      "\xff".repeat(40),
    ]) {
      for (const { method, path } of EVERY_ROUTE) {
        const where = path(instance.name, ada.id);
        assertDetail(await service.call(method, where, { headers: { "x-api-key": bad } }), 403, NO_KEY);
        assertDetail(await service.call(method, where, { headers: keyHeaders(program.ignoreAcl, { key: bad }) }), 403, NO_KEY);
        assertDetail(await service.call(method, `${where}?api_key=${encodeURIComponent(bad)}`), 403, NO_KEY);
      }
    }
  });

  for (const byte of ["\x01", "\x1f", "\x7f", "\xff"]) {
    test(`a key with the byte ${byte.charCodeAt(0)} is refused, and in other headers the byte is ignored`, async () => {
      const instance = await addInstance(service);
      const {
        program,
        ada,
        account: {
          full: { key },
        },
      } = instance;
      for (const { name, version, method, path } of EVERY_ROUTE) {
        const where = path(instance.name, ada.id);
        const good = keyHeaders(program.plain, ada);
        for (const headers of /** @type {Record<string, string>[]} */ ([
          { "x-api-key": byte },
          { "x-api-key": byte + key },
          { "x-api-key": key + byte },
          { ...good, "x-user-key": byte },
          { ...good, "x-user-key": byte + ada.key },
          { ...good, "x-user-key": ada.key + byte },
          { authorization: `token ${byte}${key}` },
          { authorization: `token ${key}${byte}` },
        ]))
          assertDetail(await service.callRaw(method, where, headers), 403, NO_KEY, JSON.stringify(headers));
        const answer = await service.callRaw(method, where, { ...good, "content-type": `text/${byte}plain`, accept: byte });
        assertFine(answer, bodies[name](instance, version, answer));
        if (name === "reset") ada.key = answer.json.user_key;
      }
    });
  }

  test("a key header that is sent twice is refused as an unknown key", async () => {
    const { name, ada, program } = await addInstance(service);
    /** @param {string} key */
    const twice = (key) => [key, key];
    const path = `/v1/instances/${name}/user/`;
    assertDetail(
      await service.call("GET", path, { headers: { "x-api-key": twice(program.plain.key), "x-user-key": ada.key } }),
      403,
      NO_KEY,
    );
    assertDetail(
      await service.call("GET", path, { headers: { "x-api-key": program.plain.key, "x-user-key": twice(ada.key) } }),
      403,
      NO_KEY,
    );
  });
});
