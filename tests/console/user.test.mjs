/** A user's page: what happens next, what 3dEye says, and personal data for those who give a reason. Checks 12, 15 and 21. */

import assert from "node:assert/strict";

import { emailOf } from "../support/operators.mjs";
import { until } from "../support/until.mjs";
import { gone, shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { addComplete, addGrace, addOlga, trail } from "./support/people.mjs";

const check = await consoleForThisFile();
const REASON = "ticket 4711";

check(
  "an e-mail is shown for a reason, for a minute, and the trail names who saw it",
  async ({ by, signIn, service, page, text }) => {
    const ada = await addComplete(service);
    await page.clock.install();
    await signIn("support", { hash: `#/users/${ada.id}` });
    await shown(by("heading", ada.id));
    await by("button", "Show e-mail").click();
    const dialog = await shown(by("dialog"));
    const show = dialog.getByRole("button", { name: /^show/i });
    assert.equal(await show.isDisabled(), true, "not without a reason");
    await dialog.getByRole("textbox", { name: "Reason" }).fill(REASON);
    await show.click();
    await until(async () => (await text())?.includes(ada.email), "the e-mail is shown");
    const [seen, ...more] = (await trail(service, ada.id)).filter(({ action }) => action === "user.reveal");
    assert.deepEqual(more, []);
    assert.match(seen.actor, /^operator:op_\w+ s\*\*\*@smartphonekey\.com$/);
    assert.equal(seen.reason, REASON);
    await page.clock.fastForward(61_000);
    await until(async () => !(await text())?.includes(ada.email), "it is masked again");
    assert.ok((await text())?.includes("a***@example.com"));
  },
);

check(
  "a viewer cannot have an e-mail shown",
  async ({ by, signIn, service, evaluate }) => {
    const ada = await addComplete(service);
    await signIn("viewer", { hash: `#/users/${ada.id}` });
    await shown(by("heading", ada.id));
    assert.equal(await by("button", "Show e-mail").count(), 0);
    const order = JSON.stringify(JSON.stringify({ fields: ["email"], reason: REASON }));
    const status = await evaluate(
      `fetch("/admin/users/${ada.id}/reveal", { method: "POST", headers: { "content-type": "application/json" }, body: ${order} }).then(({ status }) => status)`,
    );
    assert.equal(status, 403);
    assert.deepEqual(
      (await trail(service, ada.id)).filter(({ action }) => action === "user.reveal"),
      [],
    );
  },
  { refused: [/^403 POST .*\/reveal$/] },
);

/** Where 3dEye is asked. @param {import("./support/console.mjs").Tab} tab */
async function checkAtThreeDEye({ by, choose }) {
  const button = by("button", "Check at 3dEye");
  if (!(await button.isVisible())) await choose("3dEye");
  await button.click();
}

check("the orphan's page says what it means and what to do; asking 3dEye shows the steps", async (tab) => {
  const { by, signIn, service } = tab;
  const olga = await addOlga(service);
  await signIn("viewer", { hash: `#/users/${olga.id}` });
  const next = await shown(by("region", "What happens next"));
  await until(async () => /outside our customer/i.test((await next.textContent()) ?? ""), "what it means");
  assert.match((await next.textContent()) ?? "", /3dEye’s support/);
  await checkAtThreeDEye(tab);
  const steps = await shown(by("list", "Steps"));
  assert.ok((await steps.getByRole("listitem").count()) > 1);
});

check(
  "while 3dEye is down, its panel says so and the rest stays",
  async (tab) => {
    const { by, signIn, service } = tab;
    const olga = await addOlga(service);
    service.sim.fault({ match: { path: { regex: "^/v3/" } }, times: "always", action: { status: 503 } });
    await signIn("viewer", { hash: `#/users/${olga.id}` });
    await shown(by("heading", olga.id));
    await checkAtThreeDEye(tab);
    await shown(by("alert").filter({ hasText: "3dEye is unavailable" }));
    await shown(by("heading", olga.id));
    assert.equal(await by("alert").count(), 1, "nothing else fails");
  },
  { refused: [/^50\d GET \/admin\/threedeye\/users\//] },
);

/** Turns the second factor of a page's user off. @param {import("./support/console.mjs").Tab} tab */
async function turnOff({ by }) {
  await by("button", "Turn off second factor").click();
  const dialog = await shown(by("dialog"));
  await dialog.getByRole("textbox", { name: "Reason" }).fill(REASON);
  const how = dialog.getByRole("combobox", { name: "How did you make sure?" });
  assert.equal(await how.inputValue(), "other", "nothing is claimed that was not chosen");
  await how.selectOption("callback");
  await dialog.getByRole("button", { name: /^turn/i }).click();
}

check("support turns off the second factor of a person who lost it", async (tab) => {
  const { by, signIn, service } = tab;
  const grace = await addGrace(service);
  await signIn("support", { hash: `#/users/${grace.id}/security` });
  await turnOff(tab);
  await shown(by("status").filter({ hasText: "Done" }));
  await gone(by("button", "Turn off second factor"));
  assert.deepEqual(
    await service.sql("SELECT 1 FROM second_factors WHERE user_id = ? AND secret_sealed IS NOT NULL", grace.id),
    [],
  );
  const notices = await service.sql("SELECT type FROM notices WHERE user_id = ?", grace.id);
  assert.deepEqual(notices, [{ type: "two_factor_disabled" }]);
  const [act] = (await trail(service, grace.id)).filter(({ action }) => action === "two_factor.disable");
  assert.match(act.actor, /^operator:/);
  assert.ok(act.reason.includes(REASON));
});

check(
  "nobody turns off their own",
  async (tab) => {
    const { by, signIn, service } = tab;
    const self = await addGrace(service, emailOf("support"));
    await signIn("support", { hash: `#/users/${self.id}/security` });
    await turnOff(tab);
    await shown(by("alert"));
    assert.equal(
      (await service.sql("SELECT 1 FROM second_factors WHERE user_id = ? AND secret_sealed IS NOT NULL", self.id)).length,
      1,
    );
  },
  { refused: [/^409 POST .*\/two-factor\/disable$/] },
);

check(
  "a viewer turns off nobody's",
  async ({ by, signIn, service, evaluate }) => {
    const grace = await addGrace(service);
    await signIn("viewer", { hash: `#/users/${grace.id}/security` });
    await shown(by("heading", grace.id));
    await shown(by("tab", "Security"));
    assert.equal(await by("button", "Turn off second factor").count(), 0);
    const order = JSON.stringify(JSON.stringify({ reason: REASON, verifiedBy: "callback" }));
    const status = await evaluate(
      `fetch("/admin/users/${grace.id}/two-factor/disable", { method: "POST", headers: { "content-type": "application/json" }, body: ${order} }).then(({ status }) => status)`,
    );
    assert.equal(status, 403);
  },
  { refused: [/^403 POST .*\/two-factor\/disable$/] },
);
