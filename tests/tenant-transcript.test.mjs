/** The transcripts of `npm run tenant`: nothing personal or secret is in them, and they mean what the answers meant. */

import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { parseDialect } from "../dev/tenant/dialect.mjs";
import { parseJson } from "../dev/tenant/json.mjs";
import { read, readLost } from "../dev/tenant/reading.mjs";
import { Redactor } from "../dev/tenant/redact.mjs";
import { Dice } from "./support/dice.mjs";
import { frontOf } from "./support/front.mjs";
import { API_KEY, LOGIN, simulatorForThisFile } from "./support/simulator.mjs";
import { EXIT, tenantFor, WITH_LOGIN } from "./support/tenant.mjs";

const { sim } = await simulatorForThisFile();
const front = await frontOf(sim);
const { run } = await tenantFor(front);

const EMAIL = "you+test@example.com";
const FOLDER = fileURLToPath(new URL("transcripts/", import.meta.url));

const CALLS = ["token", "list", "create", "delete", "attachRole", "proof"];
const READING =
  /^(token(:expires=[\d.]+)?|page:\d+(:total=\d+)?|account|deleted|gone|attached|email_taken|proved|not_proved|error:\w+)$/;
const ERRORS = ["not_found", "unauthorized", "rate_limited", "unavailable", "rejected", "unreadable_answer", "answer_lost"];

/** What the Worker makes of an exchange. @param {any} exchange @param {any} dialect */
function readingOf({ call, request, response }, dialect) {
  if (response === null) return readLost(call, "connection").name;
  const email = call === "create" ? request.body[dialect.create.email] : undefined;
  return read(call, { status: response.status, text: response.body }, dialect, email).name;
}

/** @param {any} transcript */
function assertForm(transcript) {
  const { dialect } = parseDialect(transcript.dialect === null ? undefined : JSON.stringify(transcript.dialect));
  assert.deepEqual(Object.keys(transcript), ["version", "takenAt", "baseUrl", "customer", "dialect", "exchanges"]);
  assert.equal(transcript.version, 1);
  assert.equal(new Date(transcript.takenAt).toISOString(), transcript.takenAt);
  assert.equal(new URL(transcript.baseUrl).host, "tenant.example");
  assert.equal(transcript.customer, "customer-1");
  for (const exchange of transcript.exchanges) {
    const told = JSON.stringify(exchange);
    assert.ok(CALLS.includes(exchange.call), told);
    assert.match(exchange.request.path, /^\//);
    assert.match(exchange.reading, READING);
    if (exchange.reading.startsWith("error:")) assert.ok(ERRORS.includes(exchange.reading.slice(6)), told);
    assert.equal(readingOf(exchange, dialect), exchange.reading, told);
    for (const [email] of told.matchAll(/[^\s"'\\:,=]+@[^\s"'\\:,]+/g)) assert.match(email, /^(u|ü)ser-\d+@example\.com$/i, told);
  }
}

/** Every text and number in a value. @param {any} value @returns {string[]} */
const valuesIn = (value) =>
  typeof value === "object" && value !== null ? Object.values(value).flatMap(valuesIn) : [String(value ?? "")];

describe("what is replaced", () => {
  test("nothing of the directory, and no secret, is in the transcript or shown", async () => {
    const dice = new Dice(process.env.SPKEY_SEED);
    const { seed } = dice;
    const pick = (/** @type {any[]} */ from) => dice.one(from);
    /** Long enough that it is nowhere by chance. */
    const word = () => Array.from({ length: 9 }, () => dice.one([..."bcdfghjkmnpqrstvwxz"])).join("");
    /** @type {((text: string) => string)[]} */
    const spellings = [(t) => t, (t) => t.toUpperCase(), (t) => ` ${t}\t`, (t) => `É${t}`];
    for (let round = 0; round < 6; round += 1) {
      const customer = pick([`tenant ${word()}`, "5b0c2c86-3c0f-4f1e-9d0b-8f6f2a7c1d35", "7482915530"]);
      const apiKey = `live-${word()}${word()}`;
      sim.control.reset({ config: { apiKey, ownCustomerId: customer, roles: [{ id: `role ${word()}`, name: word() }] } });
      sim.control.configure({
        fieldStyle: pick(["camel", "pascal"]),
        rolesAs: pick(["roles", "roleIds"]),
        requireBearer: pick([true, false]),
      });
      const [{ id: role }] = /** @type {any} */ (sim.control.config()).roles;
      const users = Array.from({ length: 9 }, (_, index) => ({
        id: pick([`${word()}.${index}`, Number(`4815162${index}`), `8a6e0804-2bd0-4672-b79d-d97027f9071${index}`]),
        email: pick(spellings)(`${word()}.${index}@${word()}.example`),
        firstName: `${word()} ${word()}`,
        lastName: `O'${word()}`,
        roles: [{ id: role, name: `${word()} door` }],
      }));
      sim.control.seed(users);
      const extra = {
        phone: `+4930${81726354 + round}`,
        note: `Ring ${word()}@${word()}.example, "${word()}"`,
        nested: { [`${word()}@x.example`]: [word(), 31415.9265] },
      };
      /** @type {string[]} */
      const passwords = [];
      front.be({
        ask: ({ method, path, body }) => {
          if (method === "POST" && path === "/users") passwords.push(body.password);
        },
        tell: (told) => {
          const list = told.body?.data ?? told.body?.Data;
          if (Array.isArray(list)) for (const user of list) Object.assign(user, extra);
          if (told.status >= 400) Object.assign(told.body ?? {}, extra);
          return { ...told, headers: { "x-request": word(), "x-ratelimit-remaining": "41", "set-cookie": `sid=${word()}` } };
        },
      });
      const env = { ...WITH_LOGIN, THREEDEYE_API_KEY: apiKey, THREEDEYE_CUSTOMER_ID: customer, THREEDEYE_PAGE_SIZE: "4" };
      const ended = await run(["--write", EMAIL, "--yes", "--role", String(role)], env);
      assert.equal(ended.code, EXIT.asAssumed, `seed ${seed}: ${ended.stderr}${ended.stdout}`);
      assertForm(ended.transcript);
      assert.ok(ended.transcript.exchanges.length > 20);

      const secrets = [apiKey, ...Object.values(LOGIN), ...passwords, "sim-access-"];
      const personal = [...valuesIn(users), ...valuesIn(extra), ...Object.keys(extra.nested), customer];
      for (const value of [...secrets, ...personal].map((one) => one.trim()).filter((one) => one.length > 3)) {
        const escaped = JSON.stringify(value).slice(1, -1);
        const twice = JSON.stringify(escaped).slice(1, -1);
        for (const form of [value, escaped, twice, encodeURIComponent(value)]) {
          assert.ok(!ended.transcriptText.includes(form), `seed ${seed}: ${value} is in the transcript`);
          assert.ok(!ended.stdout.includes(form), `seed ${seed}: ${value} is in the report`);
          assert.ok(!ended.stderr.includes(form), `seed ${seed}: ${value} is shown`);
        }
      }
      assert.ok(!ended.transcriptText.includes(EMAIL));
      assert.ok(!ended.transcriptText.includes(new URL(front.url).host));
    }
  });

  test("the same value is replaced by the same one, of the same form", () => {
    const redactor = new Redactor(parseDialect(undefined).dialect);
    const none = () => "";
    const uuid = "8a6e0804-2bd0-4672-b79d-d97027f90712";
    const hidden = redactor.json(
      {
        data: [
          {
            id: uuid,
            email: " Ada@Example.org",
            roles: [{ id: 42, name: "Gate" }],
            active: true,
            phone: null,
            age: 36,
            share: -0.25,
          },
          { id: 42, email: "ADA@EXAMPLE.ORG", roleIds: [uuid, "42", "door"], note: "", site: "https://example.org/ada" },
          { id: "x", email: "ádám@example.org", name: "Gate", "ada@example.org": 1, [uuid]: 2 },
        ],
        total: 3,
        expiresIn: 600,
      },
      none,
    );
    assert.deepEqual(hidden, {
      data: [
        {
          id: "00000000-0000-4000-8000-000000000001",
          email: " User-1@Example.com",
          roles: [{ id: 900000003, name: "name-1" }],
          active: true,
          phone: null,
          age: 1000000002,
          share: -1000000003.5,
        },
        {
          id: 900000003,
          email: "USER-1@EXAMPLE.COM",
          roleIds: ["00000000-0000-4000-8000-000000000001", "900000003", "id-3"],
          note: "",
          site: "text-1",
        },
        { id: "id-4", email: "üser-2@example.com", name: "name-1", "key-1": 1000000004, "key-2": 1000000005 },
      ],
      total: 3,
      expiresIn: 600,
    });
    assert.equal(redactor.id(uuid), "00000000-0000-4000-8000-000000000001");
    assert.equal(redactor.id(9007199254740993n), 9000000000000000006n);
    assert.match(redactor.text("<html>ada@example.org</html>", none), /^<!doctype html>/);
    assert.equal(parseJson(redactor.text('{"data":[{"id":"8a6e', none)), undefined);
  });

  test("a text keeps the words that tell that an e-mail is taken, and no word of the e-mail itself", async () => {
    const email = "taken@example.com";
    for (const [body, reading] of /** @type {[any, string][]} */ ([
      [{ message: `${email} exists for Ada` }, "email_taken"],
      [`<p>Already there: ${email}</p>`, "email_taken"],
      ["Duplicate!", "email_taken"],
      [{ message: `${email} is no address` }, "error:rejected"],
    ])) {
      front.be({ ask: ({ method, path }) => (method === "POST" && path === "/users" ? { status: 422, body } : undefined) });
      const { transcript, transcriptText } = await run(["--write", email, "--yes"]);
      const create = transcript.exchanges.at(-1);
      assert.equal(create.call, "create");
      assert.equal(create.reading, reading, create.response.body);
      assert.doesNotMatch(transcriptText, /Ada|taken@|address/);
    }
  });
});

describe("the transcripts in tests/transcripts", () => {
  /** The runs that they are of. @type {Record<string, {config: object, env?: Record<string, string>}>} */
  const RUNS = {
    "tenant-assumed.json": { config: { duplicate: { status: 409, body: { message: "The e-mail exists" } } }, env: WITH_LOGIN },
    "tenant-pascal-numeric.json": {
      config: {
        fieldStyle: "pascal",
        idStyle: "numeric",
        rolesAs: "roleIds",
        duplicate: { status: 422, body: { Message: "E-mail already in use" } },
      },
    },
  };

  test("all have the form", async () => {
    const files = (await readdir(FOLDER)).filter((name) => name.startsWith("tenant-"));
    for (const file of Object.keys(RUNS)) assert.ok(files.includes(file), file);
    for (const file of files) assertForm(JSON.parse(await readFile(FOLDER + file, "utf8")));
  });

  for (const [file, { config, env = {} }] of Object.entries(RUNS)) {
    test(`${file} is what the command writes (SPKEY_WRITE_TRANSCRIPTS=1 writes it)`, async () => {
      sim.control.configure({ ...config, roles: [{ id: "role-71", name: "Gate" }] });
      front.be({});
      const roles = [{ id: "role-71" }];
      sim.control.seed([{ email: "Ada@Example.org", roles }, { email: " grace@example.org" }, { email: "ÉVA@example.org" }]);
      sim.control.seed({ generate: { count: 6, prefix: "person-", roles } });
      const { transcript } = await run(["--write", EMAIL, "--yes", "--role", "role-71"], { THREEDEYE_PAGE_SIZE: "4", ...env });
      const kept = { ...transcript, takenAt: "2026-11-29T10:00:00.000Z" };
      if (process.env.SPKEY_WRITE_TRANSCRIPTS) await writeFile(FOLDER + file, `${JSON.stringify(kept, null, 2)}\n`);
      assert.deepEqual(kept, JSON.parse(await readFile(FOLDER + file, "utf8")));
    });
  }

  test("the key is nowhere in them", async () => {
    for (const name of await readdir(FOLDER)) assert.ok(!(await readFile(FOLDER + name, "utf8")).includes(API_KEY));
  });
});
