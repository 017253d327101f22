/** What the console's pages make of a run's course and errors, of browsers' names, of causes, of times typed in. */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { build } from "esbuild";
import { BUNDLE } from "../dev/tooling/console.mjs";
import { inRoot } from "../dev/tooling/paths.mjs";

const PARTS = [
  "pages/runs/course",
  "pages/runs/error-line",
  "pages/operators/browser",
  "pages/notices/causes",
  "lib/time",
  "lib/number",
];

/** @type {any} what the modules export, together */
let console;

before(async () => {
  const { outputFiles } = await build({
    ...BUNDLE,
    stdin: {
      contents: PARTS.map((name) => `export * from "./${name}";`).join("\n"),
      resolveDir: inRoot("console", "src"),
    },
    write: false,
  });
  console = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? []).toString("base64")}`);
});

describe("a run", () => {
  /** @param {number} second @param {number} done */
  const sample = (second, done) => ({ at: new Date(second * 1000), done, failed: 0 });

  test("its course has points that lie equally far apart, each with what was last seen", () => {
    const course = console.evenly([sample(0, 0), sample(2, 10), sample(4, 20), sample(6, 30), sample(36, 90)]);
    assert.deepEqual(
      course.map((/** @type {any} */ { at, done }) => [at.getTime() / 1000, done]),
      [
        [0, 0],
        [9, 30],
        [18, 30],
        [27, 30],
        [36, 90],
      ],
    );
  });

  test("a long course is drawn with sixty points, from its beginning to its end", () => {
    const course = console.evenly(Array.from({ length: 300 }, (_, second) => sample(second, second)));
    assert.equal(course.length, 60);
    assert.equal(course[0].done, 0);
    assert.equal(course.at(-1).done, 299);
  });

  test("few samples stay as they are", () => {
    assert.deepEqual(console.evenly([]), []);
    assert.deepEqual(console.evenly([sample(0, 0), sample(1, 5)]), [sample(0, 0), sample(1, 5)]);
  });

  test("failed and skipped users are through, too", () => {
    assert.equal(console.through({ done: 3, failed: 2, skipped: 1 }), 6);
  });

  test("that has died has ended, which the service says", () => {
    assert.ok(console.hasEnded({ status: "running", died: true }));
    assert.ok(!console.hasEnded({ status: "running", died: false }));
    assert.ok(console.hasEnded({ status: "ended_early", died: false }));
  });

  test("its progress is told in a sentence, with the skipped only if there are any", () => {
    const run = { planned: 4000, done: 998, failed: 2, skipped: 0 };
    assert.equal(console.progressOf(run), "998 of 4,000 done, 2 failed");
    assert.equal(console.progressOf({ ...run, skipped: 7 }), "998 of 4,000 done, 2 failed, 7 skipped");
  });

  test("a line about a user names the user; one about the run names none", () => {
    assert.deepEqual(console.errorOf("8a1: the e-mail is taken: by another"), {
      userId: "8a1",
      message: "the e-mail is taken: by another",
    });
    for (const line of [
      "run ended early: 3dEye answered with 503; 12 user(s) left",
      "chunk 21: stopped: maintenance",
      "over",
      "",
    ])
      assert.deepEqual(console.errorOf(line), { userId: null, message: line });
  });
});

test("a browser is called as people call it", () => {
  for (const [agent, name] of [
    ["Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/148.0.0.0 Safari/537.36 Edg/148.0", "Edge on Windows"],
    ["Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/148.0.0.0 Mobile Safari/537.36", "Chrome on Android"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Safari/604.1", "Safari on iPhone"],
    ["curl/8.14.1", "curl/8.14.1"],
    [null, "Not known"],
  ])
    assert.equal(console.browserOf(agent), name);
});

test("every cause of an undelivered notice says what it means and what to do", () => {
  for (const word of [
    "timed_out",
    "unreachable",
    "too_long",
    "unopened",
    "no_key",
    "unsigned",
    "401",
    "429",
    "503",
    "404",
    "later",
  ]) {
    const { means, doThis } = console.causeOf(word);
    assert.match(means, /\.$/, word);
    assert.match(doThis, /engineers\.|by itself\./, word);
  }
  assert.match(console.causeOf("503").means, /503/);
  assert.notEqual(console.causeOf("401").means, console.causeOf("404").means);
});

describe("times typed in", () => {
  test("go into the field and back in UTC", () => {
    assert.equal(console.localInput("2026-11-28T10:30:59.000Z", true), "2026-11-28T10:30");
    assert.equal(console.momentOf("2026-11-28T10:30", true), "2026-11-28T10:30:00.000Z");
  });

  test("go into the field and back in the local zone, in summer and winter", () => {
    for (const moment of ["2026-01-15T23:30:00.000Z", "2026-07-15T23:30:00.000Z"])
      assert.equal(console.momentOf(console.localInput(moment, false), false), moment);
  });

  test("what is no time is none", () => {
    assert.equal(console.momentOf("", true), null);
    assert.equal(console.momentOf("soon", false), null);
    assert.equal(console.localInput(undefined, true), "");
    assert.equal(console.localInput("soon", true), "");
  });
});

test("numbers are grouped, and one is singular", () => {
  assert.equal(console.showCount(4000), "4,000");
  assert.equal(console.showMany(1, "user"), "1 user");
  assert.equal(console.showMany(4000, "user"), "4,000 users");
});
