/** What else is done to a user from the page: provisioning at once, off-boarding, and what a role is not shown. */

import assert from "node:assert/strict";

import { until } from "../support/until.mjs";
import { gone, shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { addComplete, addOlga, addSteven, CAMERAS, stateOf, trail } from "./support/people.mjs";

const check = await consoleForThisFile();
const REASON = "ticket 4711";

check("provisioning at once tells its steps, and keeps the cameras of an account that was there", async (tab) => {
  const { by, signIn, service } = tab;
  const steven = await addSteven(service);
  await signIn("support", { hash: `#/users/${steven.id}` });
  await by("button", "Provision now").click();
  const dialog = await shown(by("dialog", "Provision this user"));
  await shown(by("status").filter({ hasText: "Done" }));
  assert.equal(await by("list", "Steps").getByRole("listitem").count(), 4);
  await dialog.getByRole("button", { name: "Close" }).click();
  await gone(by("dialog"));
  await until(async () => (await tab.text())?.includes("Complete"), "the page shows the new state");
  await service.assertProvisioned(steven, { roles: CAMERAS.map(({ id }) => id) });
});

check("a user who waits is due now, not at a time that has passed or at none", async ({ by, signIn, open, service }) => {
  const steven = await addSteven(service);
  await signIn("support", { hash: `#/users/${steven.id}/3deye` });
  await shown(by("definition").filter({ hasText: /^Due now$/ }));
  await open("#/users?state=waiting");
  await shown(by("row", steven.id).getByText("Due now"));
});

check("provisioning is not offered to the quarantined, and forgetting that frees no e-mail says so", async (tab) => {
  const { by, signIn, service } = tab;
  const olga = await addOlga(service);
  await signIn("support", { hash: `#/users/${olga.id}` });
  const provision = await shown(by("button", "Provision now"));
  assert.equal(await provision.isDisabled(), true);
  assert.match((await provision.getAttribute("title")) ?? "", /lifts no quarantine/);

  await by("button", "Reset…").click();
  const dialog = await shown(by("dialog", "Reset this user"));
  assert.equal(await dialog.getByRole("radio", { name: "Forget what is recorded" }).isChecked(), true, "what mends it is chosen");
  await dialog.getByRole("textbox", { name: "Reason" }).fill(REASON);
  await dialog.getByRole("button", { name: "Forget it and provision anew" }).click();
  const told = await shown(by("status").filter({ hasText: "Done in part" }));
  assert.match((await told.textContent()) ?? "", /could not be made yet/);
  assert.doesNotMatch((await told.textContent()) ?? "", /saved/i, "there were no cameras");
  assert.equal(await stateOf(service, olga), "quarantined", "the e-mail is still taken");
});

check("a person is off-boarded after a preview, a reason and a text that is typed", async (tab) => {
  const { by, signIn, service, page } = tab;
  const ada = await addComplete(service);
  await signIn("admin", { hash: `#/users/${ada.id}` });
  await by("button", "Off-board…").click();
  const dialog = await shown(by("dialog", "Off-board this person"));
  await until(async () => (await dialog.textContent())?.includes(ada.account), "the preview names the account");
  const erase = dialog.getByRole("button", { name: /^erase/i });
  await dialog.getByRole("textbox", { name: "Reason" }).fill(REASON);
  assert.equal(await erase.isDisabled(), true, "not before the text is typed");
  assert.equal(service.accountsOf(ada.email).length, 1, "the preview deletes nothing");
  await dialog.getByRole("textbox", { name: /^type/i }).fill(ada.id.slice(-6));
  await erase.click();
  await shown(by("status").filter({ hasText: "Done" }));
  assert.deepEqual(await service.sql("SELECT 1 FROM users WHERE uuid = ?", ada.id), []);
  assert.deepEqual(service.accountsOf(ada.email), []);
  const told = (await trail(service, ada.id)).filter(({ reason }) => reason === REASON);
  assert.ok(told.length > 0 && told.every(({ actor }) => actor.startsWith("operator:")), "with who did it and why");
  await dialog.getByRole("button", { name: "Close" }).click();
  await until(() => new URL(page.url()).hash.startsWith("#/audit"), "it leads to what is left: the trail");
});

const ADMINS = ["Change team…", "Export…", "Off-board…"];
/** @type {Record<string, string[]>} */
const FORBIDDEN = { viewer: ["Show e-mail", "Reset…", "Provision now", ...ADMINS], support: ADMINS, admin: [] };

for (const [role, forbidden] of Object.entries(FORBIDDEN)) {
  check(`the role ${role} is shown what it may do, and no more`, async ({ by, signIn, service }) => {
    const ada = await addComplete(service);
    await signIn(role, { hash: `#/users/${ada.id}` });
    await shown(by("region", "What happens next"));
    for (const act of ["Show e-mail", "Reset…", "Provision now", ...ADMINS])
      assert.equal(await by("button", act).count(), forbidden.includes(act) ? 0 : 1, act);
  });
}
