/** A run, from its count to its end. Check 22. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../support/until.mjs";
import { shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { addWaiting } from "./support/people.mjs";

// A chunk of 50 at a time, so that there is progress to be seen.
const check = await consoleForThisFile({ queue: { maxBatchSize: 1 } });
const USERS = 500;

/** Longer than the page waits between two looks at a run that has just begun. */
const TWO_POLLS_MS = 5_000;

/** Notes down what the live regions of the page say. */
const LISTEN = `
  window.spoken = [];
  addEventListener("DOMContentLoaded", () => new MutationObserver((changes) => {
    for (const { target } of changes) {
      const live = (target.nodeType === 1 ? target : target.parentElement)?.closest("[aria-live=polite], [role=status], [role=log]");
      const text = live?.textContent.trim();
      if (text && window.spoken.at(-1) !== text) window.spoken.push(text);
    }
  }).observe(document.documentElement, { subtree: true, childList: true, characterData: true }));`;

/** @param {boolean} hidden */
const visibility = (hidden) => `
  Object.defineProperty(document, "hidden", { configurable: true, get: () => ${hidden} });
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "${hidden ? "hidden" : "visible"}" });
  document.dispatchEvent(new Event("visibilitychange"));`;

check("while provisioning is paused no run is offered, and System has the button that resumes it", async (tab) => {
  const { by, signIn, open, service } = tab;
  const json = { paused: true, reason: "maintenance" };
  await service.admin("PUT", "/admin/threedeye/pause", { json, headers: { "content-type": "application/json" } });
  await signIn("admin", { hash: "#/runs" });
  const start = await shown(by("button", "Start run…"));
  await until(() => start.isDisabled(), "the page knows of the pause");
  assert.match((await start.getAttribute("title")) ?? "", /paused/);
  await open("#/system");
  await by("button", "Resume provisioning…").click();
  const dialog = await shown(by("dialog", "Resume provisioning"));
  await dialog.getByRole("textbox", { name: "Reason" }).fill("over");
  await dialog.getByRole("button", { name: "Resume" }).click();
  await shown(by("button", "Pause all provisioning…"));
  await open("#/runs");
  await until(async () => !(await start.isDisabled()), "and of its end");
});

check(
  "500 users: the count first, progress to the end, and quiet where nobody looks",
  async ({ by, signIn, service, browsing, evaluate }) => {
    await browsing.context.addInitScript(LISTEN);
    await addWaiting(service, USERS);
    service.sim.configure({ latencyMs: 120 });
    await signIn("support", { hash: "#/runs" });
    await by("button", "Start run…").click();
    const dialog = await shown(by("dialog"));
    await dialog.getByRole("textbox", { name: "Users at most" }).fill(String(USERS));
    await dialog.getByRole("button", { name: "Count first" }).click();
    await until(async () => /\b500 users/.test((await dialog.textContent()) ?? ""), "the count comes before the start");
    assert.deepEqual(await service.sql("SELECT 1 FROM provisioning_runs"), []);
    await dialog.getByRole("button", { name: /^Start/ }).click();
    const bar = await shown(by("progressbar", "Run progress"));

    const values = /** @type {number[]} */ ([]);
    await until(async () => {
      const now = Number(await bar.getAttribute("aria-valuenow"));
      if (now !== values.at(-1)) values.push(now);
      return values.length > 2;
    }, "the bar grows");
    assert.deepEqual(
      values,
      [...values].sort((one, other) => one - other),
      "and never shrinks",
    );

    await evaluate(visibility(true));
    await sleep(1_000); // one may be under way
    const before = browsing.asked.length;
    await sleep(TWO_POLLS_MS);
    assert.equal(browsing.asked.length, before, "a hidden tab asks for nothing");
    await evaluate(visibility(false));

    const end = Date.now() + 60_000;
    while ((await bar.getAttribute("aria-valuenow")) !== (await bar.getAttribute("aria-valuemax"))) {
      assert.ok(Date.now() < end, "the run comes to its end");
      await sleep(200);
    }
    assert.match((await bar.getAttribute("aria-valuetext")) ?? "", /500 of 500/);
    await sleep(TWO_POLLS_MS); // the last look, and what it brings
    const after = browsing.asked.length;
    await sleep(2 * TWO_POLLS_MS);
    assert.equal(browsing.asked.length, after, "an ended run is not asked for again");
    const spoken = (await evaluate("window.spoken")).filter((/** @type {string} */ text) =>
      /\d+ of 500|\d %|\d%|ended|complete/i.test(text),
    );
    assert.ok(spoken.length >= 1 && spoken.length <= 6, `spoke ${spoken.length} times: ${spoken.join(" | ")}`);
  },
);
