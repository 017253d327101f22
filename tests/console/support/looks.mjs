/** What is asked of every page, whatever is on it. */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** @typedef {import("playwright-core").Page} Page */

const require = createRequire(import.meta.url);
const AXE = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Adds up how far things move while a page builds itself (Cumulative Layout Shift). Runs in every document. */
export const MEASURE_SHIFTS = `
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
  }).observe({ type: "layout-shift", buffered: true });`;

/** What axe finds, a line each. @param {Page} page @returns {Promise<string[]>} */
export async function violations(page) {
  // Evaluated from outside the page, so that its CSP does not matter.
  await page.evaluate(`if (!window.axe) { ${AXE} }`);
  const found = await page.evaluate(
    `axe.run(document, { runOnly: { type: "tag", values: ${JSON.stringify(LEVELS)} }, resultTypes: ["violations"] }).then(({ violations }) =>
      violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) =>
        id + ": " + help + " — " + target.join(" ") + " (" + failureSummary.split("\\n").slice(1).join(";").trim() + ")")))`,
  );
  return /** @type {string[]} */ (found);
}

/** By how many pixels the page is wider than the screen. @param {Page} page */
export const overhang = (page) =>
  /** @type {Promise<number>} */ (
    page.evaluate(
      "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - document.documentElement.clientWidth",
    )
  );

/** Narrower than this, a line of a list holds a word at most. */
const NARROWEST_REM = 8;

/** The items of lists in the page that are squeezed. @param {Page} page @returns {Promise<string[]>} */
export const squeezed = (page) =>
  page.evaluate(`(() => {
    const least = ${NARROWEST_REM} * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const narrow = (box) => box.width > 0 && box.width < least;
    const items = [...document.querySelectorAll("main li")].filter((item) => !item.closest(".legend") && item.checkVisibility());
    // Text that stands beside other parts of its item is measured by itself: a grid may give it too small a column.
    return items.flatMap((item) => [item, ...item.childNodes].filter((part) => {
      if (part === item) return narrow(item.getBoundingClientRect());
      if (part.nodeType !== Node.TEXT_NODE || part.data.trim().length < 24) return false;
      const range = document.createRange();
      range.selectNode(part);
      return narrow(range.getBoundingClientRect());
    }).map(() => item.textContent.slice(0, 80)));
  })()`);

/**
 * The controls that Tab does not reach. Of a group of radio buttons it reaches one, of tabs at least the chosen one.
 * @param {Page} page @returns {Promise<string[]>}
 */
export async function unreached(page) {
  const count = await page.evaluate(`(() => {
    const root = document.querySelector("dialog[open]") ?? document;
    const all = root.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']");
    window.controls = [...all].filter((control) =>
      control.checkVisibility({ visibilityProperty: true, opacityProperty: false }) && !control.disabled &&
      !(control.type === "radio" && !control.checked) && control.getAttribute("tabindex") !== "-1" && !control.closest("[inert]"));
    window.reached = new Set();
    document.activeElement?.blur();
    return window.controls.length;
  })()`);
  // Some controls take several presses: each part of a date is a stop.
  const isDone = "window.reached.add(document.activeElement), window.controls.every((control) => window.reached.has(control))";
  for (let presses = 0; presses < 4 * Number(count) + 20; presses += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(isDone)) break;
  }
  return /** @type {string[]} */ (
    await page.evaluate(`window.controls.filter((control) => control.isConnected && !window.reached.has(control))
      .map((control) => control.outerHTML.slice(0, 120))`)
  );
}

/** What still moves although the person asked for calm. @param {Page} page */
export const movements = (page) =>
  /** @type {Promise<number>} */ (
    page.evaluate(`document.getAnimations().filter((animation) =>
      animation.playState === "running" && (animation.effect?.getComputedTiming().activeDuration ?? 0) > 100).length`)
  );
