/** What `npm run tenant` asks on a terminal, and the dialect that it is given. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { defaultDialect } from "../dev/simulator/dialect.mjs";
import { isAcceptablePassword } from "../dev/simulator/directory.mjs";
import { parseDialect } from "../dev/tenant/dialect.mjs";
import { newPassword } from "../dev/tenant/password.mjs";
import { retryAfter } from "../dev/tenant/retry-after.mjs";
import { readUpstream } from "../dev/tenant/settings.mjs";
import { inRoot } from "../dev/tooling/paths.mjs";
import { ask, Unanswered } from "../dev/tooling/prompt.mjs";
import { NO_TERMINAL, onTerminal } from "./support/terminal.mjs";
import { until } from "./support/until.mjs";

/** A terminal on which each question is answered in turn. @param {string[]} answers */
function terminalThatSays(answers) {
  const input = new PassThrough();
  const output = new PassThrough();
  let shown = "";
  const rest = [...answers];
  output.setEncoding("utf8").on("data", (text) => {
    shown += text;
    if (text.endsWith(": ")) setImmediate(() => input.write(`${rest.shift() ?? "\u0003"}`));
  });
  return { input, output, shown: () => shown, left: rest };
}

describe("on a terminal", () => {
  test("all that is missing is asked for, and nothing typed is shown", async () => {
    const typed = ["\r", "typed-key\r", " typed-customer\r", "typed-user@example.com\r", "typed-pass\r"];
    const terminal = terminalThatSays(typed);
    const upstream = await readUpstream({}, terminal);
    assert.equal(upstream.baseUrl, "https://admin-api.3deye.me/v3");
    assert.equal(upstream.apiKey, "typed-key");
    assert.equal(upstream.customer, "typed-customer");
    assert.deepEqual(upstream.login, { username: "typed-user@example.com", password: "typed-pass" });
    assert.match(terminal.shown(), /What you type is not shown\.\nBase URL .*: \nAPI key: \n/);
    assert.doesNotMatch(terminal.shown(), /typed/);
  });

  test("nothing is asked for that the environment has, or that may be left out", async () => {
    const terminal = terminalThatSays([]);
    const { login } = await readUpstream({ THREEDEYE_API_KEY: "a-key", THREEDEYE_CUSTOMER_ID: "a-customer" }, terminal);
    assert.equal(login, null);
    assert.equal(terminal.shown(), "");

    const one = terminalThatSays(["\r", "typed-customer\r", "\r"]);
    await readUpstream({ THREEDEYE_API_KEY: "a-key" }, one);
    assert.doesNotMatch(one.shown(), /API key|password/);
    assert.deepEqual(one.left, []);
  });

  test("Ctrl-C, the end of the input and a signal end a question", async () => {
    for (const [end, by] of [
      ["\u0003", "SIGINT"],
      ["\u0004", "end"],
    ]) {
      const terminal = terminalThatSays([end]);
      await assert.rejects(ask(terminal, "API key: "), (error) => error instanceof Unanswered && error.by === by);
    }
    const interruption = new AbortController();
    const terminal = { input: new PassThrough(), output: new PassThrough() };
    const asked = ask(terminal, "API key: ", { signal: interruption.signal });
    await until(() => terminal.input.listenerCount("data") + terminal.input.listenerCount("keypress") > 0);
    interruption.abort();
    await assert.rejects(asked, Unanswered);
  });
});

describe("a question for a secret that is left", () => {
  const programs = /** @type {[string[], string][]} */ ([
    [[inRoot("dev", "tenant.mjs")], "API key: "],
    [[inRoot("dev", "doctor.mjs"), "--token", "--offline"], "press Enter: "],
  ]);

  test("ends with a plain line, and with the exit code of what was typed", { skip: NO_TERMINAL }, async () => {
    for (const [args, after] of programs) {
      for (const [typed, code, says] of /** @type {[string, number, RegExp][]} */ ([
        ["\u0003", 130, /✗ Interrupted at a question: nothing was done/],
        ["\u0004", 2, /✗ A question got no answer: nothing was done/],
      ])) {
        const env = { THREEDEYE_BASE_URL: "http://127.0.0.1:1/v3" };
        const ended = await onTerminal(args, { env, answers: [[after, typed]] });
        assert.match(ended.shown, says);
        assert.doesNotMatch(ended.shown, /^ +at |Unanswered/m);
        assert.equal(ended.code, code, ended.shown);
      }
    }
  });
});

describe("the dialect", () => {
  test("what is left out is as assumed", () => {
    assert.deepEqual(parseDialect(" "), { changes: null, dialect: defaultDialect() });
    const { changes, dialect } = parseDialect('{"answers":{"total":"count"},"firstPage":0}');
    assert.deepEqual(changes, { answers: { total: "count" }, firstPage: 0 });
    assert.equal(dialect.answers.total, "count");
    assert.equal(dialect.answers.items, "data");
    assert.equal(dialect.firstPage, 0);
  });

  test("what is wrong is named by its path", () => {
    for (const [text, told] of [
      ["[]", "must be a JSON object"],
      ["{", "is not JSON"],
      [
        '{"delete":{"goneStatuses":[500]}}',
        "is wrong at delete.goneStatuses: must be at most 20 statuses from 400 to 499 but 401",
      ],
    ]) {
      assert.throws(
        () => parseDialect(text),
        ({ message }) => message.startsWith(`THREEDEYE_DIALECT ${told}`),
        text,
      );
    }
  });

  test("is judged as the Worker judges it", () => {
    // A native test shows it the same examples (src/threedeye/dialect/tests/mod.rs).
    const examples = JSON.parse(readFileSync(inRoot("dev", "conformance", "dialect-examples.json"), "utf8"));
    for (const dialect of examples.accepted) parseDialect(JSON.stringify(dialect));
    for (const { at, dialect } of examples.refused) {
      const text = JSON.stringify(dialect);
      assert.throws(
        () => parseDialect(text),
        ({ message }) => message.startsWith(`THREEDEYE_DIALECT is wrong at ${at}: `),
        text,
      );
    }
    assert.ok(examples.accepted.length > 0 && examples.refused.length > 0);
  });
});

test("Retry-After is read as the Worker reads it", () => {
  const now = Date.parse("Sun, 29 Nov 2026 10:00:00 GMT");
  assert.equal(retryAfter(" 3 ", now), 3);
  assert.equal(retryAfter("Sun, 29 Nov 2026 10:00:07 GMT", now), 7);
  for (const value of ["", "-1", "3601", "1.5", "soon", "Sun, 29 Nov 2026 09:59:59 GMT"]) {
    assert.equal(retryAfter(value, now), undefined, value);
  }
});

test("a password is of the form that the vendor accepts", () => {
  for (let count = 0; count < 200; count += 1) assert.ok(isAcceptablePassword(newPassword()));
});
