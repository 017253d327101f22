/** The console's pure functions, bundled from their TypeScript: addresses, shell quoting, times, failures, axes. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { before, describe, test } from "node:test";
import { exportsOf } from "./support/console-modules.mjs";

const PARTS = ["route", "personal", "curl", "time", "failure", "scale", "words"];

/** @type {any} what the modules export, together */
let lib;

before(async () => {
  lib = await exportsOf("lib", PARTS);
});

/** Random numbers that are the same in every run. @param {string} seed */
function* numbers(seed) {
  for (let n = 0; ; n += 1) {
    yield createHash("sha256").update(`${seed} ${n}`).digest().readUInt32LE() / 2 ** 32;
  }
}

const PIECES = [
  "'",
  '"',
  "\\",
  "$",
  "$(id)",
  "`id`",
  " ",
  "\n",
  "\t",
  "!",
  "!!",
  "&",
  ";",
  "|",
  "*",
  "~",
  "#",
  "%",
  "-",
  "@",
  "é",
  "😀",
  "a",
  "Z",
  "0",
  "/",
  "?",
  "=",
  "'\\''",
  "\u202e",
];

/** @param {Iterator<number>} random */
function oddText(random) {
  const next = () => /** @type {number} */ (random.next().value);
  const length = Math.floor(next() * 12);
  return Array.from({ length }, () => PIECES[Math.floor(next() * PIECES.length)]).join("");
}

describe("shell commands", () => {
  const random = numbers("shell");
  const texts = Array.from({ length: 400 }, () => oddText(random));

  test("a quoted text is that text to a shell, whatever is in it", () => {
    const script = texts.map((text) => `printf '%s\\0' ${lib.shellQuote(text)}`).join("\n");
    const output = execFileSync("sh", { input: script, encoding: "utf8" });
    assert.deepEqual(output.split("\0").slice(0, -1), texts);
  });

  test("a shell hands `admin` the request that was meant", () => {
    const requests = texts.map((text) => ({
      method: "POST",
      path: `/admin/users/${encodeURIComponent(text)}/reveal`,
      query: { after: text, state: null, limit: 5 },
      body: { reason: text, fields: ["email"] },
    }));
    const script = [
      "BASE=https://api.example.com",
      `admin() { for word in "$@"; do printf '%s\\0' "$word"; done; printf '\\0'; }`,
      ...requests.map(lib.asCurl),
    ].join("\n");
    const output = execFileSync("sh", { input: script, encoding: "utf8" });
    const calls = output.split("\0\0").slice(0, -1);
    assert.equal(calls.length, requests.length);
    for (const [index, { path, query, body }] of requests.entries()) {
      const [address = "", header, type, data, json = ""] = (calls[index] ?? "").split("\0");
      const url = new URL(address);
      assert.equal(url.origin + url.pathname, new URL(path, "https://api.example.com").href);
      assert.deepEqual(Object.fromEntries(url.searchParams), { after: query.after, limit: "5" });
      assert.deepEqual([header, type, data], ["-H", "content-type: application/json", "--data-binary"]);
      assert.deepEqual(JSON.parse(json), body);
    }
  });

  test("the method is named where curl would take another", () => {
    assert.equal(lib.asCurl({ method: "GET", path: "/admin/overview" }), `admin "$BASE"'/admin/overview'`);
    assert.equal(lib.asCurl({ method: "DELETE", path: "/admin/notices/n" }), `admin -X DELETE "$BASE"'/admin/notices/n'`);
    assert.match(lib.asCurl({ method: "PUT", path: "/p", body: {} }), /^admin -X PUT /);
    assert.match(lib.asCurl({ method: "POST", path: "/p" }), /^admin -X POST "\$BASE"'\/p'$/);
  });
});

describe("addresses", () => {
  test("any id survives the way into an address and back", () => {
    const random = numbers("address");
    for (let n = 0; n < 400; n += 1) {
      const id = `x${oddText(random)}`;
      const parsed = lib.parseHash(lib.href(["users", id, "history"], { state: id }));
      assert.deepEqual([...parsed.path], ["users", id, "history"]);
      assert.equal(parsed.filters.get("state"), lib.isPersonal(id) ? null : id);
    }
  });

  test("filters without a value are left out", () => {
    assert.equal(lib.href(["runs"], { a: null, b: undefined, c: "", d: false, e: 0, f: true }), "#/runs?e=0&f=true");
    assert.equal(lib.href([]), "#/");
  });

  test("no filter of an address holds an e-mail or a phone number, wherever it comes from", () => {
    for (const text of ["jane@example.com", "+49 (170) 123-45-12", "01701234512", "j@x,+4917", "for 0170/1234512"]) {
      assert.equal(lib.href(["audit"], { subject: text, action: "x" }), "#/audit?action=x", text);
      const { filters, refused } = lib.parseHash(`#/audit?${new URLSearchParams({ subject: text, action: "x" })}`);
      assert.deepEqual([[...filters], [...refused]], [[["action", "x"]], [["subject", text]]], text);
    }
    assert.equal(lib.href(["dashboards"], { teamId: 12_345_678 }), "#/dashboards?teamId=12345678");
  });

  test("a pattern matches its parameters, the last of which may be absent", () => {
    assert.deepEqual(lib.match("users/:userId/:tab?", ["users", "u1"]), { userId: "u1" });
    assert.deepEqual(lib.match("users/:userId/:tab?", ["users", "u1", "keys"]), { userId: "u1", tab: "keys" });
    assert.equal(lib.match("users/:userId/:tab?", ["users"]), undefined);
    assert.equal(lib.match("users/:userId/:tab?", ["users", "u1", "keys", "more"]), undefined);
    assert.equal(lib.match("users", ["runs"]), undefined);
    assert.deepEqual(lib.match("", []), {});
  });

  test("what is no valid percent-encoding stands for itself", () => {
    assert.deepEqual([...lib.parseHash("#/users/%E0%A4%A").path], ["users", "%E0%A4%A"]);
    assert.deepEqual([...lib.parseHash("").path], []);
  });
});

describe("e-mails and phone numbers", () => {
  test("are told from ids and dates, as the service tells them", () => {
    for (const text of [
      "jane@example.com",
      "@",
      "+491701234512",
      "0170 / 123 45 12",
      "(0170) 123\u201145\u201312",
      "Tel0170-1234512",
      "٠١٧٠١٢٣٤٥١٢",
      "00000000-0000-4000-8000-000000000001 0170 1234512",
      "auth0|1, 0170 1234512",
    ])
      assert.equal(lib.isPersonal(text), true, text);
    for (const text of [
      "",
      "jane",
      "12345",
      "000077-user",
      "00000000-0000-4000-8000-000000000001",
      "operator:op_01JZX0000000000000000000EX",
      "req_01JZX0000000000000000000EX",
      "google-oauth2|103547991597142817347",
      "2026-11-28",
      "2026-11-28T10:30",
      "2026-11-28T10:30:00.000Z",
      "threedeye.reset",
    ])
      assert.equal(lib.isPersonal(text), false, text);
  });
});

describe("times", () => {
  const now = new Date("2026-11-28T10:00:00Z");

  test("the zone is always named, and the year if it is another", () => {
    const at = new Date("2026-11-28T09:30:00Z");
    assert.equal(lib.showTime(at, now, { utc: false }, "Europe/Berlin"), "28 Nov, 10:30:00 CET");
    assert.equal(lib.showTime(at, now, { utc: true }, "Europe/Berlin"), "28 Nov, 09:30:00 UTC");
    assert.equal(lib.showTime(at, now, { utc: false, timeOnly: true }, "Asia/Kolkata"), "15:00:00 GMT+5:30");
    assert.match(lib.showTime(new Date("2024-01-15T10:30:00Z"), now, { utc: true }), /^15 Jan 2024/);
    assert.equal(lib.showTime(new Date("no"), now, { utc: true }), "unknown time");
  });

  test("distances are rounded to the unit that people would say", () => {
    /** @param {number} seconds */
    const from = (seconds) => lib.showDistance(new Date(now.getTime() + seconds * 1000), now);
    assert.equal(from(0), "now");
    assert.equal(from(30), "now", "the page's clock may be half a minute behind");
    assert.equal(from(-30), "now");
    assert.equal(from(-31), "1 minute ago");
    assert.equal(from(-119), "2 minutes ago");
    assert.equal(from(-59.4 * 60), "59 minutes ago");
    assert.equal(from(-59.6 * 60), "1 hour ago");
    assert.equal(from(2.9 * 3600), "in 3 hours");
    assert.equal(from(-23.6 * 3600), "1 day ago");
    assert.equal(from(-49 * 3600), "2 days ago");
    assert.equal(lib.showDistance(new Date(Number.NaN), now), "");
  });

  test("lengths", () => {
    const shown = [0, 59, 60, 61, 3600, 3660, 86_400, 90_000].map(lib.showLength);
    assert.deepEqual(shown, ["0 s", "59 s", "1 min", "1 min 1 s", "1 h", "1 h 1 min", "1 d", "1 d 1 h"]);
  });

  test("the zone's name holds where it is and what it is called", () => {
    assert.equal(lib.zoneName(now, "Asia/Kolkata"), "Asia/Kolkata (GMT+5:30)");
    assert.equal(lib.zoneName(now, "Asia/Calcutta"), "Asia/Kolkata (GMT+5:30)");
    assert.equal(lib.zoneName(now, "UTC"), "UTC");
  });
});

describe("failures", () => {
  const now = new Date("2026-11-28T10:00:00Z");
  const body = { message: "Not now", requestId: "req_1" };
  /** @param {number} status @param {Record<string, string>} [headers] @param {unknown} [answer] */
  const get = (status, headers = {}, answer = body) =>
    lib.fromAnswer("GET", new Response(null, { status, headers }), answer, now);

  test("a step-up is told from a session that has ended", () => {
    const header = 'Bearer error="insufficient_user_authentication", max_age="900"';
    assert.equal(get(401, { "www-authenticate": header }).kind, "step_up");
    assert.equal(get(401).kind, "signed_out");
    assert.equal(get(403).kind, "refused");
  });

  test("a time to wait is read in both forms, and nothing else is one", () => {
    assert.equal(get(429, { "retry-after": "7" }).retryAt.toISOString(), "2026-11-28T10:00:07.000Z");
    assert.equal(get(503, { "retry-after": "Sat, 28 Nov 2026 10:01:00 GMT" }).retryAt.toISOString(), "2026-11-28T10:01:00.000Z");
    assert.deepEqual([get(429, { "retry-after": "soon" }).retryAt, get(429, { "retry-after": "soon" }).kind], [null, "refused"]);
    assert.equal(get(429, { "retry-after": "7" }).kind, "wait");
  });

  test("without an answer of the service's own, a change is of unknown outcome, a read is not", () => {
    assert.equal(lib.withoutAnswer("GET").kind, "unreachable");
    assert.equal(lib.withoutAnswer("DELETE").kind, "unknown_outcome");
    const lost = lib.fromAnswer("POST", new Response(null, { status: 502 }), "<html>", now);
    assert.equal(lost.kind, "unknown_outcome");
    assert.equal(lib.fromAnswer("POST", new Response(null, { status: 502 }), body, now).kind, "refused");
  });

  test("message and request id come from the body, else from what there is", () => {
    assert.deepEqual([get(500).message, get(500).requestId], ["Not now", "req_1"]);
    const bare = get(500, { "x-request-id": "req_2" }, null);
    assert.deepEqual([bare.message, bare.requestId], ["The service answered with status 500.", "req_2"]);
  });
});

describe("advice on a failure", () => {
  /** @param {number} status @param {string} message @param {Record<string, string>} [headers] */
  const after = (status, message, headers = {}) => {
    const body = { message, requestId: "req_1" };
    return lib.adviceOn(lib.fromAnswer("POST", new Response(null, { status, headers }), body, new Date(0)));
  };

  test("speaks of the role only where the role was in the way", () => {
    assert.match(after(403, "This takes the role admin"), /change your role/);
    assert.equal(after(403, "Requests with a session must come from the console itself"), null);
    assert.equal(after(403, "You do not have permission to perform this action"), null);
  });

  test("leaves a conflict to the service's own words, but for the time to wait", () => {
    for (const message of [
      "This is the last admin. Make another operator an admin first",
      "The instance has a user of this name already",
    ])
      assert.equal(after(409, message), null);
    assert.match(after(409, "Another provisioning of this user is under way", { "retry-after": "30" }), /^Wait/);
  });

  test("tells to correct what was entered, and to tell the engineers, where that helps", () => {
    assert.match(after(400, "email: too long"), /^Correct/);
    assert.match(after(404, "Not found"), /id/);
    assert.match(after(500, "Internal error"), /engineers/);
  });
});

describe("axes of charts", () => {
  test("ticks are whole, begin at 0, reach the largest value, and are about four", () => {
    for (const max of [1, 2, 3, 7, 10, 42, 99, 100, 1000, 4321, 123_456]) {
      const values = lib.ticks(max);
      assert.equal(values[0], 0);
      assert.ok(values.at(-1) >= max && values.at(-2) < max, `${max}: ${values}`);
      assert.ok(values.every(Number.isInteger) && values.length <= 6, `${max}: ${values}`);
    }
    assert.deepEqual(
      [lib.ticks(0), lib.ticks(Number.NaN)],
      [
        [0, 1],
        [0, 1],
      ],
    );
  });

  test("labels are spread with the first and the last among them", () => {
    assert.deepEqual(lib.spread(30, 4), [0, 10, 19, 29]);
    assert.deepEqual([lib.spread(3, 5), lib.spread(0, 5), lib.spread(5, 1)], [[0, 1, 2], [], [4]]);
  });

  test("a line has a gap where nothing was measured", () => {
    assert.equal(
      lib.path([
        [0, 1],
        [1, 2],
        [2, null],
        [3, 4],
      ]),
      "M0.0 1.0L1.0 2.0M3.0 4.0",
    );
  });
});

describe("words", () => {
  test("a code reads like words, an e-mail like an e-mail", () => {
    const codes = ["set_aside", "emailDomain", "threedeye.reset", "take_over_unproved", "ok", ""];
    assert.deepEqual(codes.map(lib.words), ["Set aside", "E-mail domain", "Threedeye reset", "Take over unproved", "Ok", ""]);
  });
});
