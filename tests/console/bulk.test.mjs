/** An act on many users: ticked, all that match, or pasted; its preview, its run, and what became of each user. */

import assert from "node:assert/strict";

import { until } from "../support/until.mjs";
import { gone, shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { addComplete, addOlga, addWaiting, stateOf, trail } from "./support/people.mjs";

const check = await consoleForThisFile({ queue: { maxBatchSize: 10 } });
const REASON = "ticket 4711";

/** @param {import("./support/console.mjs").Tab} tab @param {string} words what the run's progress says at its end */
async function ended({ by }, words) {
  const bar = await shown(by("progressbar", "Run progress"));
  await until(async () => (await bar.getAttribute("aria-valuetext")) === words, words);
}

check("users are ticked, and replaced with their cameras by a run that tells what became of each", async (tab) => {
  const { by, signIn, page, service } = tab;
  const ada = await addComplete(service);
  const bea = await addComplete(service, { email: "bea@example.com" });
  const cyd = await addComplete(service, { email: "cyd@example.com" });
  await signIn("support", { hash: "#/users" });
  for (const { id } of [ada, bea]) await (await shown(by("checkbox", `Select ${id}`))).check();
  await shown(by("status").filter({ hasText: "2 selected" }));
  assert.equal(await by("button", "Off-board…").count(), 0, "that takes an admin");
  await by("button", "Reset…").click();
  const dialog = await shown(by("dialog", "Reset many users"));
  await dialog.getByRole("button", { name: "Look first" }).click();
  const preview = await shown(dialog.getByRole("region", { name: "Preview" }));
  assert.match((await preview.textContent()) ?? "", /2 users of 2; 2 accounts will be deleted/);
  assert.equal(service.accountsOf(ada.email)[0]?.id, ada.account, "the preview deletes nothing");
  const button = dialog.getByRole("button", { name: "Reset 2 users" });
  assert.equal(await button.isDisabled(), true, "not without a reason");
  await dialog.getByRole("textbox", { name: "Reason" }).fill(REASON);
  await button.click();
  await ended(tab, "2 of 2 done, 0 failed");
  assert.match(new URL(page.url()).hash, /^#\/runs\/run_/);
  const row = await shown(by("row").filter({ hasText: ada.id }));
  assert.match((await row.textContent()) ?? "", /Done.*deleted account/);
  for (const user of [ada, bea]) {
    await service.assertProvisioned(user);
    assert.notEqual(service.accountsOf(user.email)[0]?.id, user.account);
    const told = (await trail(service, user.id)).filter(({ reason }) => reason === REASON);
    assert.ok(told.length > 0 && told.every(({ actor }) => actor.startsWith("operator:")), "with who did it and why");
  }
  assert.equal(service.accountsOf(cyd.email)[0]?.id, cyd.account, "others are left alone");
  await by("link", "All runs").click();
  await shown(by("cell", "Resets a list"));
});

check("a list to be provisioned tells how many accounts it may replace", async (tab) => {
  const { by, signIn, service } = tab;
  const [user] = await addWaiting(service, 1);
  service.sim.seed([{ email: user?.email ?? "", roles: [] }]);
  await signIn("support", { hash: "#/users" });
  await by("button", "Provision…").click();
  const dialog = await shown(by("dialog", "Provision many users"));
  await dialog.getByRole("textbox", { name: "Ids or e-mails" }).fill(user?.id ?? "");
  await dialog.getByRole("button", { name: "Look first" }).click();
  const told = await (await shown(dialog.getByRole("region", { name: "Preview" }))).textContent();
  assert.match(told ?? "", /1 account will be deleted at 3dEye, at most 20 in this run, and created again/);
  assert.match(told ?? "", /is deleted and created again, with its roles/);
});

check("a pasted list is shown with whom it leaves out, and a large one asks for its number", async (tab) => {
  const { by, signIn, service } = tab;
  const waiting = await addWaiting(service, 12);
  const olga = await addOlga(service);
  await signIn("support", { hash: "#/users" });
  await by("button", "Provision…").click();
  const dialog = await shown(by("dialog", "Provision many users"));
  const list = [...waiting.map(({ email }) => email.toUpperCase()), olga.id, "zoe@example.com"];
  await dialog.getByRole("textbox", { name: "Ids or e-mails" }).fill(`${list.join("\n")}\n${waiting[0]?.id}`);
  await dialog.getByRole("button", { name: "Look first" }).click();
  const preview = await shown(dialog.getByRole("region", { name: "Preview" }));
  const told = (await preview.textContent()) ?? "";
  assert.match(told, /12 users of 14/);
  assert.match(told, /2 entries will be left out/);
  assert.match(told, /z\*\*\*@example\.com User not found/, "e-mails are masked");
  assert.match(told, /belongs to an account outside our customer/);
  await dialog.getByRole("textbox", { name: "Reason" }).fill(REASON);
  const button = dialog.getByRole("button", { name: "Provision 12 users" });
  assert.equal(await button.isDisabled(), true, "not before the number is typed");
  await dialog.getByRole("textbox", { name: /^type/i }).fill("12");
  await button.click();
  await ended(tab, "12 of 14 done, 2 failed");
  await by("combobox", "State").selectOption("refused");
  await shown(by("row").filter({ hasText: "Entry 14" }));
  await until(async () => (await by("row").count()) === 3, "the heading and the two that were left out");
  for (const user of waiting) assert.equal(await stateOf(service, user), "complete");
});

check(
  "all that match are selected, and a list of which none is as the preview showed it is not done",
  async (tab) => {
    const { by, signIn, service } = tab;
    await addWaiting(service, 60);
    const other = await addComplete(service);
    await signIn("admin", { hash: "#/users?state=waiting" });
    await (await shown(by("button", "Select all that match"))).click();
    await shown(by("status").filter({ hasText: "60 selected, all that match" }));
    await by("button", "Off-board…").click();
    const dialog = await shown(by("dialog", "Off-board many users"));
    await dialog.getByRole("button", { name: "Look first" }).click();
    await shown(dialog.getByRole("region", { name: "Preview" }).filter({ hasText: "60 users of 60" }));
    await service.sql("UPDATE users SET email = 'moved-' || email WHERE uuid <> ?", other.id);
    await dialog.getByRole("textbox", { name: "Reason" }).fill(REASON);
    await dialog.getByRole("textbox", { name: /^type/i }).fill("60");
    await dialog.getByRole("button", { name: "Erase 60 users" }).click();
    await shown(by("alert").filter({ hasText: "has changed since the preview" }));
    assert.equal((await service.sql("SELECT count(*) AS n FROM users"))[0].n, 61);
    await dialog.getByRole("button", { name: "Look again" }).click();
    await dialog.getByRole("button", { name: "Look first" }).click();
    await dialog.getByRole("textbox", { name: /^type/i }).fill("60");
    await dialog.getByRole("button", { name: "Erase 60 users" }).click();
    await ended(tab, "60 of 60 done, 0 failed");
    assert.deepEqual(
      (await service.sql("SELECT uuid FROM users")).map(({ uuid }) => uuid),
      [other.id],
    );
    await tab.open("#/users");
    await shown(by("status").filter({ hasText: "None selected" }));
  },
  { refused: [/^409 POST .*\/bulk$/] },
);

check("who may only look ticks no one", async ({ by, signIn, service }) => {
  const ada = await addComplete(service);
  await signIn("viewer", { hash: "#/users" });
  await shown(by("row").filter({ hasText: ada.id }));
  await gone(by("checkbox"));
  assert.equal(await by("button", "Reset…").count(), 0);
});
