/** A camera for QR codes: draws an SVG as a screen would and reads what is on it. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { initWasm, Resvg } from "@resvg/resvg-wasm";
import jsQR from "jsqr";

await initWasm(await readFile(fileURLToPath(import.meta.resolve("@resvg/resvg-wasm/index_bg.wasm"))));

/** @param {string} svg @returns {string} what the code says */
export function scan(svg) {
  // On a dark page: the quiet zone must be the picture's own.
  const { pixels, width, height } = new Resvg(svg, { fitTo: { mode: "width", value: 512 }, background: "black" }).render();
  const found = /** @type {any} */ (jsQR)(new Uint8ClampedArray(pixels), width, height, { inversionAttempts: "dontInvert" });
  assert.ok(found, "no QR code to be seen");
  return found.data;
}
