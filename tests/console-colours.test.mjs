/** What is drawn in the console can be seen: against what is behind it, and by people who do not see red or green. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { inRoot } from "../dev/tooling/paths.mjs";

const TOKENS = readFileSync(inRoot("console", "src", "styles", "tokens.css"), "utf8");
const THEMES = ["light", "dark"];
const MARKS = ["good", "bad", "warn", "busy", "calm"];

/** @typedef {number[]} Rgb linear, from 0 to 1 */

/** @param {string} name @param {string} theme @returns {Rgb} */
function colour(name, theme) {
  const pair = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(TOKENS);
  const hex = pair?.[1 + THEMES.indexOf(theme)];
  assert.ok(hex, `${name} has a colour`);
  return [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
}

/** @param {Rgb} rgb */
const luminance = ([r = 0, g = 0, b = 0]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
/** As WCAG 2 defines it. @param {Rgb} one @param {Rgb} other */
const contrast = (one, other) => {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};

/** How people see without the cones for red, or for green (Machado et al., 2009, full severity). */
const SIGHTS = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};
/** @param {Rgb} rgb @param {number[][]} sight @returns {Rgb} */
const seen = (rgb, sight) =>
  sight.map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, part, at) => sum + part * (rgb[at] ?? 0), 0),
      ),
    ),
  );

for (const theme of THEMES) {
  describe(`in the ${theme} theme`, () => {
    test("what is drawn has a contrast of 3 with what is behind it", () => {
      for (const mark of MARKS)
        for (const behind of ["surface", "sunken"]) {
          const found = contrast(colour(`mark-${mark}`, theme), colour(behind, theme));
          assert.ok(found >= 3, `${mark} on ${behind}: ${found.toFixed(2)}`);
        }
    });

    test("success and failure differ in lightness, and so without red and green, too", () => {
      const [good, bad] = [colour("mark-good", theme), colour("mark-bad", theme)];
      for (const [name, sight] of Object.entries(SIGHTS)) {
        const found = contrast(seen(good, sight), seen(bad, sight));
        assert.ok(found >= 1.8, `${name}: ${found.toFixed(2)}`);
      }
    });
  });
}
