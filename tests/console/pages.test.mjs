/** Every page in both themes and two widths: for all people, in all places, on paper. Check 25. */

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { DEV } from "../../dev/tooling/paths.mjs";
import { until } from "../support/until.mjs";
import { shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { MEASURE_SHIFTS, movements, overhang, squeezed, unreached, violations } from "./support/looks.mjs";
import { textOf } from "./support/pdf.mjs";
import { fill } from "./support/town.mjs";

/** @typedef {import("./support/console.mjs").Tab} Tab */

const check = await consoleForThisFile();
const SCREENS = join(DEV, "console-screens");
const THEMES = /** @type {const} */ (["light", "dark"]);
const WIDTHS = { 1280: 900, 320: 640 };
/** More than this is felt as a jump (web.dev, "Cumulative Layout Shift", asks for 0.1 at most). */
const MOST_SHIFT = 0.02;
const ZONE = "Asia/Kolkata";
const OF_THE_ZONE = /\bIST\b|GMT\+5:30|UTC\+5:30|Asia\/Kolkata/;

/** @param {Awaited<ReturnType<typeof fill>>} town @returns {Record<string, string>} the address of each page */
const pagesOf = ({ ada, olga, grace, run, list }) => ({
  overview: "#/",
  users: "#/users",
  "users-waiting": "#/users?state=waiting",
  "users-empty": "#/users?state=attaching",
  user: `#/users/${olga.id}`,
  "user-3deye": `#/users/${ada.id}/3deye`,
  "user-security": `#/users/${grace.id}/security`,
  "user-keys": `#/users/${ada.id}/keys`,
  "user-history": `#/users/${ada.id}/history`,
  "user-json": `#/users/${ada.id}/json`,
  "user-unknown": "#/users/no-such-user",
  runs: "#/runs",
  run: `#/runs/${run}`,
  "run-list": `#/runs/${list}`,
  notices: "#/notices",
  audit: "#/audit",
  "api-keys": "#/api-keys",
  "account-keys": "#/account-keys",
  instances: "#/instances",
  instance: "#/instances/rivia",
  dashboards: "#/dashboards",
  operators: "#/operators",
  sessions: "#/sessions",
  system: "#/system",
  help: "#/help",
  missing: "#/no/such/page",
});

/** Everything that is asked of a page; what it lacks, a line each. @param {Tab} tab @param {string} name @param {string} screen */
async function faultsOf({ page, browsing, evaluate }, name, screen) {
  await browsing.settled();
  const faults = [
    ...(await violations(page)),
    ...((await overhang(page)) > 0 ? [`${await overhang(page)} px wider than the screen`] : []),
    ...(await squeezed(page)).map((item) => `too narrow: ${item}`),
    ...((await movements(page)) > 0 ? ["something moves"] : []),
  ];
  const shifts = Number(await evaluate("window.shifts"));
  if (shifts >= MOST_SHIFT) faults.push(`shifts by ${shifts.toFixed(3)}`);
  await page.screenshot({ path: join(SCREENS, `${name}-${screen}.png`), fullPage: true });
  faults.push(...(await unreached(page)).map((control) => `Tab does not reach ${control}`));
  return faults.map((fault) => `${name} ${screen}: ${fault}`);
}

await mkdir(SCREENS, { recursive: true });
for (const theme of THEMES) {
  for (const [width, height] of Object.entries(WIDTHS)) {
    const screen = `${theme}-${width}`;
    const context = {
      viewport: { width: Number(width), height },
      colorScheme: theme,
      reducedMotion: /** @type {const} */ ("reduce"),
      timezoneId: ZONE,
    };
    check(
      `every page, ${theme}, ${width} px wide`,
      async (tab) => {
        const { by, signIn, service, browsing, open, evaluate, page } = tab;
        await browsing.context.addInitScript(MEASURE_SHIFTS);
        const town = await fill(service);
        await open("#/");
        await shown(by("heading", "Sign in"));
        const faults = await faultsOf(tab, "sign-in", screen);
        await signIn("admin");
        for (const [name, hash] of Object.entries(pagesOf(town))) {
          await evaluate("window.shifts = 0");
          await open(hash);
          await until(() => by("heading").first().isVisible(), `a heading on ${name}`);
          faults.push(...(await faultsOf(tab, name, screen)));
          if (["user-history", "run", "audit"].includes(name) && !OF_THE_ZONE.test((await tab.text()) ?? ""))
            faults.push(`${name} ${screen}: does not name the zone`);
        }
        await open(`#/users/${town.olga.id}`);
        await by("button", "Reset…").click();
        await shown(by("dialog", "Reset this user"));
        await evaluate("window.shifts = 0");
        faults.push(...(await faultsOf(tab, "reset", screen)));
        await page.keyboard.press("Escape");
        await open("#/users");
        await by("button", "Reset…").click();
        const many = await shown(by("dialog", "Reset many users"));
        await many.getByRole("textbox", { name: "Ids or e-mails" }).fill(`${town.ada.id}, ${town.olga.id}, zoe@example.com`);
        await many.getByRole("button", { name: "Look first" }).click();
        await shown(many.getByRole("region", { name: "Preview" }));
        await evaluate("window.shifts = 0");
        faults.push(...(await faultsOf(tab, "bulk", screen)));
        await page.keyboard.press("Escape");
        assert.deepEqual(faults, []);
      },
      { context, refused: [/^404 GET \/admin\/users\/no-such-user$/] },
    );
  }
}

check(
  "pages keep still where motion is welcome, too",
  async ({ by, signIn, service, browsing, open, evaluate }) => {
    await browsing.context.addInitScript(MEASURE_SHIFTS);
    const town = await fill(service);
    await signIn("admin");
    const moved = [];
    for (const [name, hash] of Object.entries(pagesOf(town))) {
      await evaluate("window.shifts = 0");
      await open(hash);
      await until(() => by("heading").first().isVisible(), `a heading on ${name}`);
      await browsing.settled();
      const shifts = Number(await evaluate("window.shifts"));
      if (shifts >= MOST_SHIFT) moved.push(`${name}: ${shifts.toFixed(3)}`);
    }
    assert.deepEqual(moved, []);
  },
  { refused: [/^404 GET \/admin\/users\/no-such-user$/] },
);

check("on paper, a page tells its address, who printed it and when", async ({ by, signIn, service, page, browsing }) => {
  const { ada } = await fill(service);
  const hash = `#/users/${ada.id}`;
  await signIn("support", { hash });
  await shown(by("heading", ada.id));
  await browsing.settled();
  const printed = textOf(await page.pdf());
  const hour = new Date().toISOString().slice(0, 14);
  for (const text of [`${service.url}/console/${hash}`, "support@smartphonekey.com", hour])
    assert.ok(printed.includes(text), `${text} is not in: ${printed}`);
  // The heads of the columns of History, whose tab was not open.
  assert.ok(printed.includes("WhenWhatWhoReasonRequest"), `the history is not in: ${printed}`);
});

check("someone who is not an operator gets a page as good", async (tab) => {
  const { by, open, atTheProvider, browsing } = tab;
  await browsing.context.addInitScript(MEASURE_SHIFTS);
  await open("#/");
  await by("link", "Sign in with your work account").click();
  await atTheProvider("stranger@smartphonekey.com");
  await shown(by("heading", "You are not an operator"));
  assert.deepEqual(await faultsOf(tab, "no-access", "light-1280"), []);
});
