/** The overview: what needs attention, and where it leads. Check 9. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../support/until.mjs";
import { shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { addComplete, addFailing, addOlga } from "./support/people.mjs";

const check = await consoleForThisFile();

check("the tiles count what the database holds, and lead to those they count", async ({ by, signIn, service }) => {
  await addComplete(service);
  await addFailing(service);
  const olga = await addOlga(service);
  const [{ quarantined }] = await service.sql("SELECT count(*) AS quarantined FROM threedeye_users WHERE state = 'quarantined'");
  await signIn("viewer");
  await by("link", `Quarantined ${quarantined}`).click();
  const table = await shown(by("table", "Users"));
  await shown(table.getByRole("link", { name: olga.id }).or(table.getByText("o***@example.com")));
  assert.equal(await table.getByRole("row").count(), 1 + quarantined, "those and the header");
});

check("users who fail are called failing by tile, list and row", async ({ by, signIn }) => {
  await signIn("viewer");
  await by("link", "Failing 1").click();
  await shown(by("table", "Users").getByText("Failing", { exact: true }));
});

check("each tile says what it counts; who is locked out is found among the users", async ({ by, signIn }) => {
  await signIn("viewer");
  const tiles = (await shown(by("region", "Users and notices"))).getByRole("listitem");
  await shown(tiles.first());
  for (const tile of await tiles.all()) {
    const link = tile.getByRole("link");
    const meaning = await link.evaluate((element) => element.ariaDescribedByElements?.[0]?.textContent ?? "");
    assert.match(meaning, /\w+ \w+ .*\.$/, (await tile.textContent()) ?? "");
  }
  assert.equal(await by("link", /^Locked out/).getAttribute("href"), "#/users?state=locked_out");
});

check("a binding that is missing is called so, in the same way, on Overview and System", async ({ by, signIn, open }) => {
  await signIn("viewer");
  const health = await shown(by("region", "Health"));
  const badge = await shown(health.getByText("Missing", { exact: true }));
  /** Its tone, as the badge of the text has it. @param {import("playwright-core").Locator} text */
  const look = (text) => text.evaluate("(element) => getComputedStyle(element).color");
  const colour = await look(badge);
  await open("#/system");
  const row = await shown(by("row", /ADMIN_RATE_LIMITER/));
  const same = await shown(row.getByText("Missing", { exact: true }));
  assert.equal(await look(same), colour);
});

check("every word about the service's health has its meaning beside it", async ({ by, signIn, text }) => {
  await signIn("viewer");
  await shown(by("heading", "Overview"));
  await shown(by("region", "Health").or(by("table", "Health")).or(by("list", "Health")));
  const words = (await text()) ?? "";
  // This Worker has no rate limits and no scheduled run yet; both are worth a word, and neither is left as it is called inside.
  assert.match(words, /ADMIN_RATE_LIMITER/);
  assert.match(words, /not limited/i);
  assert.match(words, /scheduled run/i);
});

check("the charts count each attempt once", async ({ by, signIn, service }) => {
  await addComplete(service);
  await addOlga(service);
  await signIn("viewer");
  await shown(by("img", /^Provisioned and failed a day: 1 provisioned, 1 failed attempt, most on /));
  await shown(by("region", "Trends").getByText("Most often: Orphan, 1 time."));
});

check("an overview without anything to do says so", async ({ by, signIn }) => {
  await signIn("viewer");
  await shown(by("heading", "Overview"));
  // The counts of the check before are good for ten seconds.
  await until(async () => {
    await by("button", "Refresh").first().click();
    await sleep(500);
    return by("link", "Quarantined 0").first().isVisible();
  }, "nothing needs attention");
});
