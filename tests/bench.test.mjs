/** The bench's own arithmetic. Nothing here is timed. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Secret } from "otpauth";

import { billOf } from "../bench/bill.mjs";
import { intervalOf, logRatio, studentT } from "../bench/interval.mjs";
import { IDS, readOptions } from "../bench/options.mjs";
import { billed, listPrice, scaled, total } from "../bench/prices.mjs";
import { isWithin, LEAST_BLOCKS, NARROW_IN_A_ROW, untilSure } from "../bench/sequence.mjs";
import { compiledIn, totalOf } from "../bench/touched.mjs";
import { stepOf } from "../bench/twin/totp.ts";
import { Verdicts } from "../bench/twin/verdicts.ts";
import { totp } from "../dev/tooling/totp.mjs";
import { bodiesOf, named, namesOf, ownerOf } from "../dev/tooling/wasm-names.mjs";

/** @param {number} seen @param {number} wanted @param {number} [tolerance] */
const assertNear = (seen, wanted, tolerance = 1e-3) => assert.ok(Math.abs(seen - wanted) <= tolerance, `${seen}, not ${wanted}`);

/** Numbers between 0 and 1, the same in each run (mulberry32). @param {number} seed */
function dice(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normally distributed (Box and Muller). @param {() => number} random */
const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

describe("the interval of a ratio", () => {
  test("takes Student's quantiles from the tables", () => {
    for (const [freedom, quantile] of [
      [1, 12.706],
      [2, 4.303],
      [4, 2.776],
      [5, 2.571],
      [9, 2.262],
      [30, 2.042],
      [120, 1.98],
    ])
      assertNear(studentT(Number(freedom)), Number(quantile));
  });

  test("is the geometric mean of the blocks, and as wide as they differ", () => {
    const { ratio, low, high, width, blocks } = intervalOf([1.1, 1.2, 1.3].map(Math.log));
    assertNear(ratio, (1.1 * 1.2 * 1.3) ** (1 / 3), 1e-9);
    // By hand: the standard deviation of the logarithms is 0.08356, of their mean 0.04824, times 4.3027.
    assertNear(Math.log(high / ratio), 0.2076, 2e-4);
    assertNear(high / ratio, ratio / low, 1e-9);
    assertNear(width, high / ratio - 1, 1e-9);
    assert.equal(blocks, 3);
  });

  test("of blocks that agree is as narrow as can be, of one block it is open", () => {
    assertNear(intervalOf([0.1, 0.1, 0.1]).width, 0, 1e-9);
    assert.equal(intervalOf([0.1]).width, Infinity);
  });

  test("favours no side", () => {
    const blocks = [
      { ours: [1.2, 1.3], others: [1, 1.1] },
      { ours: [1.1, 1.4], others: [1.2, 1] },
    ];
    const ours = intervalOf(blocks.map(({ ours, others }) => logRatio(ours, others)));
    const theirs = intervalOf(blocks.map(({ ours, others }) => logRatio(others, ours)));
    assertNear(ours.ratio * theirs.ratio, 1, 1e-9);
    assertNear(ours.high * theirs.low, 1, 1e-9);
  });
});

/** A side that costs what it is told, each time something else. @param {() => number} cost */
const side = (cost) => async () => new Map([["1", cost()]]);

const GOAL = { width: 0.03, mostBlocks: 100, mostMs: Infinity };

describe("a comparison that is repeated until it is sure", () => {
  test("alternates ours, other, other, ours", async () => {
    const order = /** @type {string[]} */ ([]);
    const noted = (/** @type {string} */ name) => side(() => (order.push(name) ? 1 : NaN));
    await untilSure({ ours: noted("A"), other: noted("B") }, { ...GOAL, mostBlocks: 2 });
    assert.equal(order.join(""), "ABBAABBA");
  });

  test("is not misled by a machine that grows slower at a steady rate", async () => {
    let measured = 0;
    const slowing = (/** @type {number} */ cost) => side(() => cost * 1.05 ** measured++);
    const [verdict] = await untilSure({ ours: slowing(2), other: slowing(1) }, GOAL);
    assertNear(verdict?.ratio ?? 0, 2, 1e-9);
    assert.equal(verdict?.blocks, LEAST_BLOCKS + NARROW_IN_A_ROW - 1);
  });

  test("ends once every label is within the width, and not before", async () => {
    const random = dice(1);
    const noisy = (/** @type {number} */ noise) => Math.exp(noise * normal(random));
    const both = (/** @type {number} */ cost) => async () =>
      new Map([
        ["1", cost],
        ["16", cost * noisy(0.08)],
      ]);
    const verdicts = await untilSure({ ours: both(1.1), other: both(1) }, GOAL);
    assert.deepEqual(
      verdicts.map(({ label }) => label),
      ["1", "16"],
    );
    assert.ok(
      verdicts.every((verdict) => isWithin(verdict, 0.03)),
      JSON.stringify(verdicts),
    );
    assert.ok(Number(verdicts[1]?.blocks) > LEAST_BLOCKS + NARROW_IN_A_ROW - 1);
  });

  test("ends at its most blocks, or when its time is over, without being sure", async () => {
    const random = dice(2);
    const wild = () => side(() => Math.exp(normal(random)));
    const [capped] = await untilSure({ ours: wild(), other: wild() }, { ...GOAL, mostBlocks: 11 });
    assert.equal(capped?.blocks, 11);
    assert.equal(capped && isWithin(capped, 0.03), false);
    let clock = 0;
    const [late] = await untilSure({ ours: wild(), other: wild() }, { ...GOAL, mostMs: 25 }, { now: () => (clock += 10) });
    assert.equal(late?.blocks, 3);
    assert.equal(late && isWithin(late, Infinity), false, "three blocks are too few to be sure of anything");
  });

  test("has the true ratio in its interval more than 90 times of 100, although it stops when it likes", async () => {
    const random = dice(3);
    const noisy = (/** @type {number} */ cost) => side(() => cost * Math.exp(0.06 * normal(random)));
    let covered = 0;
    const TIMES = 1000;
    for (let time = 0; time < TIMES; time += 1) {
      const [verdict] = await untilSure({ ours: noisy(1.07), other: noisy(1) }, GOAL);
      if (verdict && verdict.low <= 1.07 && 1.07 <= verdict.high) covered += 1;
    }
    assert.ok(covered / TIMES > 0.9 && covered / TIMES < 0.98, `${covered} of ${TIMES}`);
  });
});

describe("what a first request touches", () => {
  test("is each function that V8's quick compiler tells of, among whatever else is logged", () => {
    const log = [
      '{"timestamp":1,"level":"log","message":"Compiled nothing"}',
      "Compiled function 0x72e7ffce3518#2015 using Liftoff, took 55 μs and 16552 bytes; bodysize 75 codesize 532",
      "Compiled function 0x72e7ffce3518#7 using TurboFan, took 900 μs and 99999 bytes; bodysize 75 codesize 300",
      "Compiled function 0x72e7ffce3518#16 using Liftoff, took 21 μs and 16984 bytes; bodysize 301 codesize 1076",
      "",
    ].join("\n");
    const compiled = compiledIn(log);
    assert.deepEqual(compiled, [
      { index: 2015, micros: 55, body: 75, code: 532 },
      { index: 16, micros: 21, body: 301, code: 1076 },
    ]);
    assert.deepEqual(totalOf(compiled), { functions: 2, body: 376, code: 1608, ms: 0.076 });
  });

  test("is named by the module's own section, and by nothing where there is none", () => {
    const text = (/** @type {string} */ name) => [name.length, ...Buffer.from(name)];
    const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    // 200 takes two bytes in LEB128.
    const functions = [2, 5, ...text("first"), 200, 1, ...text("second")];
    const moduleName = [0, 3, ...text("it")];
    const section = [...text("name"), ...moduleName, 1, functions.length, ...functions];
    const others = [1, 2, 9, 9, 0, 6, ...text("other")];
    const names = namesOf(Buffer.from([...header, ...others, 0, section.length, ...section]));
    assert.deepEqual(
      [...names],
      [
        [5, "first"],
        [200, "second"],
      ],
    );
    assert.equal(namesOf(Buffer.from([...header, ...others])).size, 0);
    const code = [2, 3, 7, 7, 7, 1, 8];
    assert.deepEqual(bodiesOf(Buffer.from([...header, ...others, 10, code.length, ...code])).map(String), [
      "\x07\x07\x07",
      "\x08",
    ]);
    const trace = "at wasm://wasm/1a2b:wasm-function[200]:0x1f\nat wasm-function[7]:0x2";
    assert.equal(named(trace, names), "at wasm://wasm/1a2b:second:0x1f\nat wasm-function[7]:0x2");
  });
});

test("a function is of the crate that wrote it, and ours of its room", () => {
  for (const [name, owner] of [
    ["spkey_edge::account::totp::check::h1", "spkey_edge::account"],
    ["<spkey_edge::db::Batch as core::ops::Drop>::drop::h1", "spkey_edge::db"],
    ["<serde_json::de::MapAccess<R> as serde_core::de::MapAccess>::next_key_seed::h1", "serde_json"],
    ["<alloc[3ca501edff3f0c7c]::string::String as core::clone::Clone>::clone", "alloc"],
    ["__wbg_get", "none"],
  ])
    assert.equal(ownerOf(String(name)), owner);
});

describe("the command line", () => {
  test("picks rows by their ids, and says which there are", () => {
    assert.equal(readOptions([]).rows, undefined);
    assert.deepEqual(readOptions(["--rows", "by-jwt, verify"]).rows, ["by-jwt", "verify"]);
    assert.throws(() => readOptions(["--rows", "by-jwt,jwt"]), /There is no row jwt/);
    assert.equal(new Set(IDS).size, IDS.length);
  });

  test("tells how sure is sure enough", () => {
    assert.deepEqual(readOptions(["--sure", "--within", "2.5", "--minutes", "1", "--blocks", "4"]), {
      mode: "sure",
      rows: undefined,
      functions: 0,
      goal: { width: 0.025, mostMs: 60_000, mostBlocks: 4 },
    });
    for (const wrong of ["0", "-1", "much", ""])
      assert.throws(() => readOptions([`--within=${wrong}`]), /--within takes a number/);
  });
});

describe("the bill", () => {
  const month = { requests: 12e6, cpuMs: 40e6, rowsRead: 30e9, rowsWritten: 51e6 };

  test("has the list price of each kind, and leaves out what the plan includes", () => {
    const list = listPrice(month);
    assertNear(list.requests, 3.6);
    assertNear(list.cpuMs, 0.8);
    assertNear(list.rowsRead, 30);
    assertNear(list.rowsWritten, 51);
    assertNear(total(list), 85.4);
    const left = billed(month);
    assertNear(left.requests, 0.6);
    assertNear(left.cpuMs, 0.2);
    assertNear(left.rowsRead, 5);
    assertNear(left.rowsWritten, 1);
    assert.equal(total(billed(scaled(month, 0.1))), 0, "less than is included is never negative");
  });

  test("tells of a million users, with the rows that were counted and the CPU that was measured", () => {
    const counted = [
      { name: "backfill of 50, upstream +0 ms", counts: { rowsRead: [560, 561], rowsWritten: [456, 456] } },
      { name: "the twin's backfill of 50", counts: { rowsRead: [300], rowsWritten: [100] } },
      { name: "credentials, by JWT", counts: { rowsRead: [3, 3], rowsWritten: [0, 0] } },
    ];
    const figures = (/** @type {number} */ cpu, /** @type {number} */ times) => ({
      cpu,
      times,
      elapsed: 1,
      ms: [1],
      answers: [],
    });
    const duel = { id: "by-jwt", name: "credentials, by JWT", ours: figures(1300, 1000), other: figures(1000, 1000) };
    /** @type {import("../bench/contest.mjs").Duel[]} */
    const duels = [
      { ...duel, rival: "twin", concurrency: 1, ours: figures(9, 1) },
      { ...duel, rival: "twin", concurrency: 16 },
      { ...duel, rival: "cachingTwin", concurrency: 16, ours: figures(9, 1) },
    ];
    const measured = { duels, backfills: [{ id: "backfill-50", ours: figures(300, 10), twin: figures(200, 10) }] };
    const [backfill, twins, once, , daily] = billOf(counted, measured);
    assert.deepEqual(backfill?.usage, { requests: 20_000, cpuMs: 600_000, rowsRead: 11_220_000, rowsWritten: 9_120_000 });
    // 0.006 + 0.012 + 0.01122 + 9.12
    assertNear(backfill?.sum ?? 0, 9.14922, 1e-9);
    assert.equal(backfill?.alone, 0, "9 million rows written are included");
    assert.deepEqual(twins?.usage, { requests: 20_000, cpuMs: 400_000, rowsRead: 6_000_000, rowsWritten: 2_000_000 });
    assert.deepEqual(once?.usage, { requests: 1e6, cpuMs: 1.3e6, rowsRead: 3e6, rowsWritten: 0 });
    // 20 million requests and 9 million ms beyond what is included.
    assertNear(daily?.alone ?? 0, 6 + 0.18, 1e-9);
    assert.throws(() => billOf([], measured), /Nothing was measured of backfill/);
  });
});

describe("the twin", () => {
  const MINUTE = 60_000;
  const NEVER = 1e15;

  test("takes a signature for good until the keys are fetched again, the token expires, or ten minutes are over", () => {
    const verdicts = new Verdicts();
    verdicts.keep("short", 1, 0, MINUTE);
    verdicts.keep("long", 1, 0, NEVER);
    assert.ok(verdicts.isGood("short", 1, MINUTE - 1) && verdicts.isGood("long", 1, 10 * MINUTE - 1));
    assert.ok(!verdicts.isGood("short", 1, MINUTE) && !verdicts.isGood("long", 1, 10 * MINUTE));
    assert.ok(!verdicts.isGood("long", 2, 0), "the keys were fetched again");
    assert.ok(!verdicts.isGood("other", 1, 0));
  });

  test("keeps 64 verdicts, the newest", () => {
    const verdicts = new Verdicts();
    for (let token = 0; token < 65; token += 1) verdicts.keep(`token-${token}`, 1, 0, NEVER);
    const kept = Array.from({ length: 65 }, (_, token) => verdicts.isGood(`token-${token}`, 1, 0));
    assert.deepEqual(kept, [false, ...Array(64).fill(true)]);
    verdicts.keep("token-64", 1, 0, NEVER);
    assert.ok(verdicts.isGood("token-1", 1, 0), "one that is kept again takes no other's place");
  });

  test("knows the codes of an authenticator, of one step either way", async () => {
    const secret = new Secret({ size: 20 });
    const at = 1_795_890_000;
    const step = at / 30;
    for (const [ahead, found] of [
      [0, step],
      [30, step + 1],
      [-30, step - 1],
      [60, null],
      [-60, null],
    ])
      assert.equal(await stepOf(secret.base32, totp(secret, at + Number(ahead)), at * 1000), found);
  });
});
