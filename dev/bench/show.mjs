// The figures as text.

import { median, quantile } from "./measure.mjs";
import { AT_A_TIME, BATCH, LATENCY_MS } from "./scenarios.mjs";

/** @typedef {import("./measure.mjs").Figures} Figures */

/** The list, then rounds of creates. */
const IDEAL_MS = LATENCY_MS * (1 + Math.ceil(BATCH / AT_A_TIME));
const PROMISED_RATIO = 1.3;

const HEADINGS = ["", "D1 calls", "rows read", "written", "upstream calls", "p50 ms", "p95 ms", "CPU ms"];

/** @param {{name: string, figures: Figures}[]} measured */
export function table(measured) {
  return columns([HEADINGS, ...measured.map(({ name, figures }) => row(name, figures))]);
}

/** Lines of cells, the first to the left. @param {string[][]} lines */
export function columns(lines) {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  "))
    .join("\n");
}

/** @param {string} name @param {Figures} figures */
function row(name, { d1, rowsRead, rowsWritten, upstream, ms, cpu }) {
  return [name, span(d1), span(rowsRead), span(rowsWritten), String(upstream), fixed(median(ms)), fixed(quantile(ms, 0.95)), fixed(cpu)];
}

/** @param {{name: string, checks: import("./scenarios.mjs").Check[]}[]} measured */
export function promises(measured) {
  return measured.map(({ name, checks }) => `${name}: ${checks.map(told).join(", ")}`).join("\n");
}

/** @param {import("./scenarios.mjs").Check} check */
function told({ what, seen, promised, kept }) {
  const wanted = promised === String(seen) ? "" : ` (${kept ? "" : "promised: "}${promised})`;
  return `${kept ? "✓" : "✗"} ${what} ${seen}${wanted}`;
}

/** @param {Figures} slow the backfill's with a delayed upstream */
export function ratioToIdeal({ ms }) {
  const ideal = `${IDEAL_MS} ms: the list, then ${Math.ceil(BATCH / AT_A_TIME)} rounds of creates`;
  const ratio = median(ms) / IDEAL_MS;
  return `backfill of ${BATCH}, upstream +${LATENCY_MS} ms: ${ratio.toFixed(2)} times the ideal (${ideal}); wanted: ${PROMISED_RATIO} at most`;
}

/** @param {ReturnType<typeof import("./sizes.mjs").sizes>} sizes */
export function size({ wasm, js }) {
  return `size: Wasm ${kib(wasm.raw)}, gzipped ${kib(wasm.gzipped)}; JavaScript ${kib(js.raw)}, gzipped ${kib(js.gzipped)}`;
}

/** @param {Awaited<ReturnType<typeof import("./startup.mjs").measureStartUp>>} starts */
export function startUp({ built, empty }) {
  const more = (/** @type {typeof built} */ { first, warm }) => fixed(first - warm);
  return [
    `start-up: the first request takes ${more(built)} ms longer than a later one (with an empty Worker ${more(empty)} ms)`,
    `  CPU up to the first answer: ${fixed(built.cpu)} ms (with an empty Worker ${fixed(empty.cpu)} ms), so ${fixed(built.cpu - empty.cpu)} ms are the Worker's own`,
    `  from starting Miniflare to the first answer: ${fixed(built.answered)} ms (with an empty Worker ${fixed(empty.answered)} ms)`,
  ].join("\n");
}

/** One value, or from the least to the most. @param {number[]} values */
function span(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(least) : `${least}–${most}`;
}

/** @param {number | undefined} value */
const fixed = (value) => (value === undefined || Number.isNaN(value) ? "–" : value.toFixed(1));

/** @param {number} bytes */
const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;
