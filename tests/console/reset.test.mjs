/** A reset: its preview, doing exactly that, and what comes between. Checks 16 to 20. */

import assert from "node:assert/strict";

import { until } from "../support/until.mjs";
import { gone, hasFocus, shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { addSteven, attach, CAMERAS, trail } from "./support/people.mjs";

/** @typedef {import("./support/console.mjs").Tab} Tab */

const check = await consoleForThisFile();
const KEEP = "Replace the account, keep cameras";
const LOSE = "Replace the account, lose cameras";
const ACT = "Delete the account and make it anew";
const REASON = "ticket 4711";

/** Opens the dialog with a way chosen, and waits for its preview. @param {Tab} tab @param {{id: string, account: string}} user @param {string} way */
async function preview({ by }, user, way) {
  await shown(by("heading", user.id));
  await by("button", "Reset…").click();
  const dialog = await shown(by("dialog", "Reset this user"));
  await dialog.getByRole("radio", { name: way }).check();
  await until(async () => (await dialog.textContent())?.includes(user.account), "the preview names the account");
  return dialog;
}

/** @param {Tab} tab @param {{id: string}} user the requests that could change something */
const acts = ({ browsing }, { id }) =>
  browsing.calls("POST", `/admin/threedeye/users/${id}/reset`).filter(({ path }) => !path.includes("dryRun=true"));

check("the preview names what will be lost and kept, and changes nothing", async (tab) => {
  const { by, signIn, service, page } = tab;
  const steven = await addSteven(service);
  await signIn("support", { hash: `#/users/${steven.id}` });
  const before = [service.sim.users(), await trail(service, steven.id)];
  const dialog = await preview(tab, steven, KEEP);
  const words = (await dialog.textContent()) ?? "";
  for (const { id, name } of CAMERAS) assert.ok(words.includes(name) || words.includes(id), `${name}: ${words}`);
  assert.deepEqual([service.sim.users(), await trail(service, steven.id)], before);
  assert.deepEqual(acts(tab, steven), []);
  await page.keyboard.press("Escape");
  await gone(by("dialog"));
  await until(() => hasFocus(by("button", "Reset…")), "the focus is back");
});

check("what was shown is done: a new account with both cameras, told once in the trail", async (tab) => {
  const { by, signIn, service, choose, text } = tab;
  const steven = await addSteven(service);
  await signIn("support", { hash: `#/users/${steven.id}` });
  const dialog = await preview(tab, steven, KEEP);
  const act = dialog.getByRole("button", { name: ACT });
  assert.equal(await act.isDisabled(), true, "not without a reason");
  await dialog.getByRole("textbox", { name: "Reason" }).fill(REASON);
  await act.click();
  await shown(by("status").filter({ hasText: "Done" }));
  const [account, ...more] = service.accountsOf(steven.email);
  assert.deepEqual(more, []);
  assert.notEqual(String(account.id), steven.account);
  assert.deepEqual(
    account.roles.map(String).sort(),
    CAMERAS.map(({ id }) => id),
  );
  assert.equal(acts(tab, steven).length, 1);
  const [done, ...others] = (await trail(service, steven.id)).filter(({ action }) => action === "threedeye.reset");
  assert.deepEqual(others, []);
  assert.match(done.actor, /^operator:/);
  assert.equal(done.reason, REASON);
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await choose("History");
  await until(async () => (await text())?.includes("threedeye.reset"), "the history tells of it");
  assert.equal((await by("tabpanel").textContent())?.split("threedeye.reset").length, 2, "once");
  await service.assertProvisioned(steven, { roles: CAMERAS.map(({ id }) => id) });
});

check(
  "what has changed since the preview is not done",
  async (tab) => {
    const { by, signIn, service } = tab;
    const steven = await addSteven(service);
    await signIn("support", { hash: `#/users/${steven.id}` });
    const dialog = await preview(tab, steven, KEEP);
    await attach(service, steven.account, { id: "role-103", name: "Lobby" });
    await dialog.getByRole("textbox", { name: "Reason" }).fill(REASON);
    await dialog.getByRole("button", { name: ACT }).click();
    await shown(by("alert").filter({ hasText: "has changed since the preview" }));
    const [account] = service.accountsOf(steven.email);
    assert.equal(String(account.id), steven.account);
    const done = (await trail(service, steven.id)).map(({ action }) => action);
    assert.deepEqual(
      done.filter((action) => ["threedeye.reset", "threedeye.delete_account"].includes(action)),
      [],
    );
  },
  { refused: [/^409 POST .*\/reset$/] },
);

check(
  "losing cameras takes an admin",
  async (tab) => {
    const { by, signIn, service, evaluate } = tab;
    const steven = await addSteven(service);
    await signIn("support", { hash: `#/users/${steven.id}` });
    await shown(by("heading", steven.id));
    await by("button", "Reset…").click();
    const dialog = await shown(by("dialog", "Reset this user"));
    const way = dialog.getByRole("radio", { name: LOSE });
    assert.ok((await way.count()) === 0 || (await way.isDisabled()), "support cannot choose it");
    const status = await evaluate(`(async () => {
    const send = (query, order) => fetch("/admin/threedeye/users/${steven.id}/reset" + query,
      { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(order) });
    const order = { deleteRemote: true, reprovision: true, preserveRoles: false };
    const { plan } = await (await send("?dryRun=true", order)).json();
    return (await send("", { ...order, plan, reason: "${REASON}" })).status;
  })()`);
    assert.equal(status, 403);
    assert.equal(String(service.accountsOf(steven.email)[0].id), steven.account);
  },
  { refused: [/^403 POST .*\/reset$/] },
);

check(
  "losing cameras takes a text that is typed and a recent sign-in, after which what was chosen still is",
  async (tab) => {
    const { by, signIn, service, atTheProvider } = tab;
    const steven = await addSteven(service);
    await signIn("admin", { hash: `#/users/${steven.id}`, minutesAgo: 20 });
    /** @param {import("playwright-core").Locator} dialog */
    const confirm = async (dialog) => {
      const reason = dialog.getByRole("textbox", { name: "Reason" });
      assert.equal(await reason.inputValue(), "", "no text is kept over a sign-in");
      await reason.fill(REASON);
      const act = dialog.getByRole("button", { name: /^delete/i });
      const typed = dialog.getByRole("textbox", { name: /^type/i });
      assert.equal(await act.isDisabled(), true, "not before it is typed");
      await typed.fill("wrong!");
      assert.equal(await act.isDisabled(), true, "not for another text");
      await typed.fill(steven.id.slice(-6));
      await act.click();
    };
    await confirm(await preview(tab, steven, LOSE));
    await atTheProvider("admin@smartphonekey.com");
    const again = await shown(by("dialog", "Reset this user"));
    assert.equal(await again.getByRole("radio", { name: LOSE }).isChecked(), true);
    await until(async () => (await again.textContent())?.includes(steven.account), "the preview is there again");
    await confirm(again);
    await shown(by("status").filter({ hasText: "Done" }));
    const [account, ...more] = service.accountsOf(steven.email);
    assert.deepEqual(more, []);
    assert.notEqual(String(account.id), steven.account);
    assert.deepEqual(account.roles, []);
  },
  { refused: [/^401 POST .*\/reset$/] },
);

/** The call of the reset itself, not of its preview. @param {URL} url */
const isAct = ({ pathname, search }) => pathname.endsWith("/reset") && !search.includes("dryRun");

check(
  "a request that was lost and is refused when it is sent again is not said to have taken effect",
  async (tab) => {
    const { by, signIn, service, page } = tab;
    const steven = await addSteven(service);
    await signIn("support", { hash: `#/users/${steven.id}` });
    const dialog = await preview(tab, steven, KEEP);
    await dialog.getByRole("textbox", { name: "Reason" }).fill(REASON);
    // It never arrives, and another actor changes the user.
    await page.route(isAct, (route) => route.abort("connectionreset"));
    await dialog.getByRole("button", { name: ACT }).click();
    const again = await shown(dialog.getByRole("button", { name: "Send again" }));
    await page.unroute(isAct);
    await attach(service, steven.account, { id: "role-103", name: "Lobby" });
    await again.click();
    const refused = await shown(by("alert").filter({ hasText: "has changed since the preview" }));
    assert.match((await refused.textContent()) ?? "", /Nothing was done this time\. The history tells whether/);
    assert.equal(String(service.accountsOf(steven.email)[0].id), steven.account);
  },
  { refused: [/^net::ERR_CONNECTION_RESET POST .*\/reset$/, /^409 POST .*\/reset$/] },
);

check(
  "when the answer is lost, it says so, and sending it again does it once",
  async (tab) => {
    const { by, signIn, service, page } = tab;
    const steven = await addSteven(service);
    await signIn("support", { hash: `#/users/${steven.id}` });
    const dialog = await preview(tab, steven, KEEP);
    await dialog.getByRole("textbox", { name: "Reason" }).fill(REASON);
    await page.route(isAct, async (route) => {
      await route.fetch();
      await route.abort("connectionreset");
    });
    await dialog.getByRole("button", { name: ACT }).click();
    await until(async () => (await dialog.textContent())?.includes("It is not known whether this took effect"), "it says so");
    assert.equal(acts(tab, steven).length, 1, "it is not repeated by itself");
    await page.unroute(isAct);
    await dialog.getByRole("button", { name: "Send again" }).click();
    await until(async () => acts(tab, steven).length === 2, "it is sent again");
    const [first, second] = acts(tab, steven).map(({ body }) => JSON.parse(body ?? "{}"));
    assert.deepEqual(second, first, "with the same plan");
    await shown(
      by("alert")
        .filter({ hasText: "has changed since the preview" })
        .or(by("status").filter({ hasText: "Done" })),
    );
    assert.equal(service.accountsOf(steven.email).length, 1);
    assert.equal((await trail(service, steven.id)).filter(({ action }) => action === "threedeye.reset").length, 1);
  },
  { refused: [/^net::ERR_CONNECTION_RESET POST .*\/reset$/, /^409 POST .*\/reset$/] },
);
