// The figures as text.

import { KINDS } from "./prices.mjs";
import { isWithin } from "./sequence.mjs";
import { median, quantile } from "./statistics.mjs";
import { totalOf } from "./touched.mjs";

/** @typedef {import("./measure.mjs").Figures} Figures */

/** @param {{name: string, counts: import("./counts.mjs").Counts}[]} counted */
export function counts(counted) {
  const rows = counted.map(({ name, counts: { d1, rowsRead, rowsWritten, upstream } }) => [
    name,
    span(d1),
    span(rowsRead),
    span(rowsWritten),
    String(upstream),
  ]);
  return table([["", "D1 calls", "rows read", "written", "upstream calls"], ...rows]);
}

/** @param {{name: string, checks: import("./counts.mjs").Check[]}[]} counted */
export function promises(counted) {
  return counted.map(({ name, checks }) => `${name}: ${checks.map(told).join(", ")}`).join("\n");
}

/** @param {import("./counts.mjs").Check} check */
function told({ what, seen, promised, kept }) {
  const wanted = promised === String(seen) ? "" : ` (${kept ? "" : "promised: "}${promised})`;
  return `${kept ? "✓" : "✗"} ${what} ${seen}${wanted}`;
}

/** @type {{heading: string, digits: number, of: (figures: Figures) => number}[]} */
const COLUMNS = [
  { heading: "CPU ms", digits: 2, of: ({ cpu, times }) => cpu / times },
  { heading: "requests/s", digits: 0, of: ({ times, elapsed }) => (1000 * times) / elapsed },
  { heading: "p50 ms", digits: 1, of: ({ ms }) => median(ms) },
  { heading: "p95 ms", digits: 1, of: ({ ms }) => quantile(ms, 0.95) },
  { heading: "p99 ms", digits: 1, of: ({ ms }) => quantile(ms, 0.99) },
];

/** @param {{name: string, concurrency: number, ours: Figures, other: Figures}[]} duels */
export function duels(duels) {
  const rows = duels.map(({ name, concurrency, ours, other }) => [
    name,
    String(concurrency),
    ...COLUMNS.map(({ digits, of }) => against(of(ours), of(other), digits)),
  ]);
  return table([["ours / the other = ratio", "at a time", ...COLUMNS.map(({ heading }) => heading)], ...rows]);
}

/** @param {{name: string, concurrency: number, figures: Figures}[]} floors */
export function floors(floors) {
  const rows = floors.map(({ name, concurrency, figures }) => [
    name,
    String(concurrency),
    ...COLUMNS.map(({ digits, of }) => fixed(of(figures), digits)),
  ]);
  return table([["the plumbing below both", "at a time", ...COLUMNS.map(({ heading }) => heading)], ...rows]);
}

/** @param {{users: number, latencyMs: number, limitMs: number, ours: Figures, twin: Figures}[]} backfills */
export function backfills(backfills) {
  const rows = backfills.map(({ users, latencyMs, limitMs, ours, twin }) => [
    `backfill of ${users}, upstream +${latencyMs} ms`,
    against(ours.cpu / ours.times, twin.cpu / twin.times, 1),
    against(median(ours.ms), median(twin.ms), 0),
    limitMs > 0 ? `${fixed(limitMs, 0)} ms` : "–",
    limitMs > 0 ? `${fixed(median(ours.ms) / limitMs, 2)}, ${fixed(median(twin.ms) / limitMs, 2)}` : "–",
  ]);
  return table([["ours / twin = ratio", "CPU ms a run", "median ms", "users × latency / 6", "times that: ours, twin"], ...rows]);
}

/** @param {Record<"ours" | "twin", import("./sizes.mjs").Size>} sizes */
export function sizes({ ours, twin }) {
  const kib = (/** @type {number} */ bytes) => bytes / 1024;
  const raw = against(kib(ours.raw), kib(twin.raw), 0);
  return `size, KiB: ${raw}; gzipped, which Cloudflare limits: ${against(kib(ours.gzipped), kib(twin.gzipped), 0)}`;
}

/** @param {Awaited<ReturnType<typeof import("./startup.mjs").measureStartUp>>} starts */
export function startUp(starts) {
  const names = /** @type {const} */ (["ours", "twin", "empty"]);
  const rows = names.map((name) => {
    const { first, warm, cpu, answered } = starts[name];
    return [
      name === "empty" ? "an empty Worker" : name,
      fixed(first - warm, 1),
      fixed(cpu - starts.empty.cpu, 1),
      fixed(answered, 0),
    ];
  });
  const headings = [
    "start-up",
    "first request, ms beyond a later one",
    "CPU ms beyond an empty Worker",
    "ms from starting Miniflare to the first answer",
  ];
  return table([headings, ...rows]);
}

/** @param {import("./sequence.mjs").Verdict} verdict */
export const verdict = ({ label, ratio, width, blocks }) =>
  `${label} at a time: ${fixed(ratio, 3)} ± ${percent(width)} after ${blocks} ${blocks === 1 ? "block" : "blocks"}`;

/** @param {({name: string} & import("./sequence.mjs").Verdict)[]} verdicts @param {number} wanted width */
export function verdicts(verdicts, wanted) {
  const rows = verdicts.map((each) => [
    each.name,
    each.label,
    `${fixed(each.ours, 3)} / ${fixed(each.other, 3)}`,
    fixed(each.ratio, 3),
    `${fixed(each.low, 3)}–${fixed(each.high, 3)}`,
    `± ${percent(each.width)}`,
    `${each.blocks}`,
    isWithin(each, wanted) ? "" : `not within ±${percent(wanted)}`,
  ]);
  return table([["ours / the other", "at a time", "CPU ms", "ratio", "95 % interval", "", "blocks", ""], ...rows]);
}

/** @param {number} share */
const percent = (share) => (Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : "?");

/** @param {import("./touched.mjs").FirstRequest[]} requests */
export function touched(requests) {
  const rows = requests.map(({ name, first, second }) => {
    const { functions, body, code, ms } = totalOf(first);
    return [name, `${functions}`, `${body}`, `${code}`, fixed(ms, 1), `${second.length}`];
  });
  const headings = [
    "first request",
    "functions",
    "bytes of Wasm",
    "bytes of machine code",
    "ms to compile",
    "functions more for the second",
  ];
  return table([headings, ...rows]);
}

/** @param {string} name @param {{name: string, body: number, code: number}[]} functions */
export const functions = (name, functions) =>
  table([
    [name, "bytes of Wasm", "bytes of machine code"],
    ...functions.map(({ name, body, code }) => [name, `${body}`, `${code}`]),
  ]);

/** @param {import("./bill.mjs").Item[]} items */
export function bill(items) {
  const millions = (/** @type {number} */ value) => fixed(value / 1e6, value < 1e5 ? 2 : 1);
  const rows = items.map(({ name, usage, list, sum, alone }) => [
    name,
    ...KINDS.map((kind) => `${millions(usage[kind])} · $${fixed(list[kind], 2)}`),
    `$${fixed(sum, 2)}`,
    `$${fixed(alone, 2)}`,
  ]);
  const headings = ["a million users", "requests, M · $", "CPU ms, M · $", "rows read, M · $", "rows written, M · $", "together"];
  return table([[...headings, "beyond what is included"], ...rows]);
}

/** @param {string[][]} lines the first column is a name, the others are figures */
export function table(lines) {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const cell = (/** @type {string} */ text, /** @type {number} */ column) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(cell).join("  ")).join("\n");
}

/** @param {number} ours @param {number} twin @param {number} digits */
const against = (ours, twin, digits) => `${fixed(ours, digits)} / ${fixed(twin, digits)} = ${fixed(ours / twin, 2)}`;

/** One value, or from the least to the most. @param {number[]} values */
function span(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(least) : `${least}–${most}`;
}

/** @param {number} value @param {number} digits */
const fixed = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "–");
