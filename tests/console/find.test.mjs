/** Finding a user by whatever identifier there is, by mouse and by keys. Checks 10, 11, 13 and 14. */

import assert from "node:assert/strict";

import { until } from "../support/until.mjs";
import { gone, hasFocus, shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { addComplete, addSteven, addWaiting } from "./support/people.mjs";

const check = await consoleForThisFile();
const SUBJECT = "auth0|5f7c8ec7c33c6c004bbafe82";

/** Rows of users, without the header. @param {import("./support/console.mjs").Tab} tab */
const rows = ({ by }) =>
  by("table", "Users")
    .getByRole("row")
    .filter({ hasNot: by("columnheader") });

/** Types into the search box, which a key focuses. @param {import("./support/console.mjs").Tab} tab @param {string} query */
async function search({ by, page, evaluate }, query) {
  await evaluate("document.activeElement?.blur()");
  await page.keyboard.press("/");
  const box = by("searchbox", "Find a user");
  await until(() => hasFocus(box), "/ focuses the search box");
  await box.fill(query);
  await page.keyboard.press("Enter");
}

check("one box takes every identifier, and no address ever holds an e-mail", async (tab) => {
  const { by, signIn, service, page, browsing } = tab;
  const steven = await addSteven(service);
  const ada = await addComplete(service, { subject: SUBJECT, phone: "+4930555099", email: "ada.lovelace@lovelace.example" });
  await service.addUser({ email: "other@residents.example" });
  await signIn("support", { hash: "#/users" });
  const queries = /** @type {[string, {id: string, email: string}][]} */ ([
    [ada.email, ada],
    [" ADA.lovelace@Lovelace.example ", ada],
    ["ada.love", ada],
    ["<ada.lovelace@lovelace.example>", ada],
    ["Ada (ada.lovelace@lovelace.example) sees no cameras.", ada],
    ["@lovelace.example", ada],
    ["+4930555099", ada],
    [ada.id, ada],
    [ada.id.slice(0, 8), ada],
    [ada.account, ada],
    [SUBJECT, ada],
    [steven.email, steven],
  ]);
  for (const [index, [query, { id }]] of queries.entries()) {
    await search(tab, query);
    await until(() => browsing.calls("POST", "/admin/users/search").length === index + 1, `a search for ${query}`);
    await browsing.settled();
    const found = (await browsing.answered()).filter(({ path }) => path === "/admin/users/search").at(-1);
    const { users } = JSON.parse(found?.text ?? "{}");
    assert.deepEqual(
      users.map((/** @type {any} */ { userId }) => userId),
      [id],
      query,
    );
    await shown(by("link", id).or(by("heading", id)));
    if (await by("table", "Users").isVisible()) assert.equal(await rows(tab).count(), 1, query);
    assert.doesNotMatch(decodeURIComponent(page.url()), /@|\+49/, query);
  }
  await search(tab, "nobody@nowhere.example");
  await shown(by("status").filter({ hasText: "No user matches" }));
  await by("navigation", "Main").getByRole("link", { name: "Users" }).click();
  await shown(rows(tab).filter({ hasText: ada.id }));
  assert.equal(await by("searchbox", "Find a user").inputValue(), "", "the menu leads to all users again");
  await search(tab, "run_01M8HYP4J3RQSA4JZX00000000");
  await shown(by("status").filter({ hasText: "This is the id of a run" }).getByRole("link", { name: "open it" }));
  for (const { path, headers } of browsing.asked) {
    const address = decodeURIComponent(`${path} ${headers.referer ?? ""}`);
    if (!path.startsWith("/authorize")) assert.doesNotMatch(address, /@|\+49/, path);
  }
});

check("no page and no answer holds a whole e-mail or phone number before it is revealed", async (tab) => {
  const { by, signIn, service, browsing, open } = tab;
  const ada = await addComplete(service, { phone: "+4930555099" });
  await signIn("support", { hash: "#/users" });
  await search(tab, "@example.com");
  await shown(by("cell", "a***@example.com").or(rows(tab).getByText("a***@example.com")));
  for (const page of ["", "/3deye", "/security", "/keys", "/history", "/json"]) {
    await open(`#/users/${ada.id}${page}`);
    await shown(by("heading", ada.id));
    await until(async () => (await tab.text())?.includes("a***@example.com"), `the masked e-mail on ${page}`);
    assert.doesNotMatch((await tab.text()) ?? "", /ada\.lovelace@|\+4930555099/);
  }
  for (const { path, text } of await browsing.answered())
    if (!path.startsWith("/authorize")) assert.doesNotMatch(text, /ada\.lovelace@|\+4930555099/, path);
});

check("j, k and Enter walk through the rows; in a text box they are letters, and they can be switched off", async (tab) => {
  const { by, signIn, service, page, evaluate, open } = tab;
  await addWaiting(service, 5);
  await signIn("viewer", { hash: "#/users?state=waiting" });
  await shown(rows(tab));
  const second = await rows(tab).nth(1).getByRole("link").first().getAttribute("href");
  await evaluate("document.activeElement?.blur()");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await until(() => new URL(page.url()).hash === new URL(String(second), page.url()).hash, "Enter opens the second row");

  await open("#/users?state=waiting");
  await shown(rows(tab));
  const box = by("searchbox", "Find a user");
  await box.fill("");
  await box.pressSequentially("jjk?");
  assert.equal(await box.inputValue(), "jjk?");
  assert.equal(new URL(page.url()).hash, "#/users?state=waiting");

  await by("button", "Account menu").click();
  const shortcuts = await shown(by("switch", "Single-key shortcuts"));
  await shortcuts.click();
  assert.equal(await shortcuts.isChecked(), false);
  await page.keyboard.press("Escape");
  await open("#/users?state=waiting");
  await shown(rows(tab));
  await evaluate("document.activeElement?.blur()");
  for (const key of ["j", "j", "Enter", "/", "g", "o", "?"]) await page.keyboard.press(key);
  assert.equal(new URL(page.url()).hash, "#/users?state=waiting");
  assert.equal(await by("dialog").isVisible(), false);
  assert.equal(await hasFocus(box), false);
});

check("a filter that is an e-mail or a phone number stays out of the address, and nothing is listed", async (tab) => {
  const { by, signIn, service, page, browsing, open } = tab;
  const headers = { headers: { "content-type": "application/json" } };
  await service.admin("POST", "/admin/instances", { json: { name: "rivia" }, ...headers });
  await service.admin("POST", "/admin/instances/rivia/users", { json: { username: "geralt" }, ...headers });
  await signIn("admin");
  await open("#/audit?subject=jane%40example.com&people=false");
  await shown(by("alert").filter({ hasText: "No address may hold an e-mail or a phone number" }));
  assert.equal(new URL(page.url()).hash, "#/audit?people=false");
  assert.equal(await by("textbox", "About").inputValue(), "jane@example.com", "what was refused is seen");
  await by("textbox", "About").fill("no-such-user");
  await page.keyboard.press("Enter");
  await gone(by("alert"));
  assert.equal(new URL(page.url()).hash, "#/audit?people=false&subject=no-such-user");

  await open("#/instances/rivia");
  await by("tab", "Users", true).click();
  await shown(by("button", "Delete… user 1"));
  for (const [field, text] of [
    ["Person’s user id", "+49 170 1234512"],
    ["Name", "jane@example.com"],
  ]) {
    await by("textbox", field).fill(String(text));
    await page.keyboard.press("Enter");
    await gone(by("button", "Delete… user 1"));
    await by("textbox", field).fill("");
    await page.keyboard.press("Enter");
    await shown(by("button", "Delete… user 1"));
  }
  for (const { path } of browsing.asked)
    if (!path.startsWith("/authorize")) assert.doesNotMatch(decodeURIComponent(path), /jane@|\+49/, path);
});

check("the account menu closes when a page is opened from it", async ({ by, signIn }) => {
  await signIn("viewer");
  await by("button", "Account menu").click();
  const link = await shown(by("link", "My sessions"));
  await link.click();
  await shown(by("heading", "My sessions"));
  await gone(link);
});

check("a page of the locked out that came empty leads on to those who are", async (tab) => {
  const { by, signIn, service } = tab;
  const ada = await service.addUser({ id: "ada", email: "ada@example.com" });
  // Locks that are over, by id before hers.
  await service.sql(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
     INSERT INTO second_factors (user_id, totp_failures, totp_locked_until) SELECT printf('a-%03d', i), 5, 1 FROM n`,
  );
  await service.sql("INSERT INTO second_factors (user_id, totp_failures) VALUES (?, 100)", ada.id);
  await signIn("viewer", { hash: "#/users?state=locked_out" });
  await (await shown(by("button", "Show more"))).click();
  await shown(rows(tab).filter({ hasText: ada.id }));
  await gone(by("button", "Show more"));
});

check("120 users, page by page, while others come", async (tab) => {
  const { by, signIn, service, browsing } = tab;
  const people = await addWaiting(service, 120);
  await signIn("viewer", { hash: "#/users?state=waiting" });
  await until(async () => (await rows(tab).count()) === 50, "the first 50");
  await addWaitingBefore(service);
  await by("button", "Show more").click();
  await until(async () => (await rows(tab).count()) === 100, "the next 50");
  await by("button", "Show more").click();
  await until(async () => (await rows(tab).count()) >= 120, "the rest");
  await gone(by("button", "Show more"));
  const links = await rows(tab)
    .getByRole("link")
    .evaluateAll((/** @type {any[]} */ all) => all.map((link) => decodeURIComponent(link.href)));
  const listed = people.filter(({ id }) => /** @type {string[]} */ (links).some((link) => link.includes(id)));
  assert.equal(listed.length, people.length, "none is missing");
  const ids = /** @type {string[]} */ (links).map((link) => /users\/([^/?]+)/.exec(link)?.[1]);
  const rowCount = await rows(tab).count();
  assert.equal(new Set(ids).size, rowCount, "none is there twice");
  const pages = browsing.costs.filter(({ path }) => path.startsWith("/admin/users"));
  assert.equal(pages.length, 3);
  for (const { path, rowsRead } of pages) assert.ok(rowsRead > 0 && rowsRead <= 160, `${path}: ${rowsRead} rows read`);
});

/** Two more, one of which sorts before all others. @param {import("./support/people.mjs").Service} service */
async function addWaitingBefore(service) {
  await service.addUsers([
    { id: "00000000-0000-4000-8000-000000000000", email: "aaa@residents.example" },
    { id: "ffffffff-ffff-4fff-bfff-ffffffffffff", email: "zzz@residents.example" },
  ]);
}
