/** What leaves the console: shell commands and CSV. Check 24. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

import { recentPair } from "../support/operators.mjs";
import { until } from "../support/until.mjs";
import { shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { addComplete, addSteven } from "./support/people.mjs";

/** @typedef {import("./support/console.mjs").Tab} Tab */

const check = await consoleForThisFile();
const CLIPBOARD = { context: { permissions: ["clipboard-read", "clipboard-write"] } };

/** As documentation and README define it. */
const ADMIN = 'admin() { curl -sS -H "X-Admin-API-Key: $KEY" -H "Authorization: Bearer $JWT" "$@"; }';

/** Copies a command and runs it with the admin pair. @param {Tab} tab @param {import("playwright-core").Locator} button */
async function copyAndRun({ service, evaluate }, button) {
  await button.click();
  const command = await evaluate("navigator.clipboard.readText()");
  assert.ok(!command.includes(service.adminKey) && !/eyJ|__Host|spk_/.test(command), "it holds no credentials");
  const pair = recentPair(service);
  const env = { PATH: process.env.PATH, BASE: service.url, KEY: pair["x-admin-api-key"], JWT: pair.authorization.slice(7) };
  const { stdout } = await promisify(execFile)("sh", ["-c", `${ADMIN}\n${command}`], { env });
  return { command, json: JSON.parse(stdout) };
}

/** What the page itself was last answered. @param {Tab} tab @param {string} method @param {string} path */
async function answerOf({ browsing }, method, path) {
  const answers = (await browsing.answered()).filter((answer) => answer.method === method && answer.path.startsWith(path));
  return JSON.parse(answers.at(-1)?.text ?? "null");
}

/** A text of the API with everything that is masked left out. @param {any} value @returns {any} */
const unmasked = (value) =>
  JSON.parse(
    JSON.stringify(value, (name, part) => (/^(email|phoneNumber|recipient|pendingEmail)$/.test(name) ? undefined : part)),
  );

check(
  "a search and a list of keys can be repeated in a shell",
  async (tab) => {
    const { by, signIn, service, open } = tab;
    await addComplete(service);
    await addSteven(service);
    await service.admin("POST", "/admin/api-keys", { json: { scopes: ["threedeye:read"], label: "it's for $HOME" } });
    await signIn("admin", { hash: "#/users" });
    await by("searchbox", "Find a user").fill("@example.com");
    await by("searchbox", "Find a user").press("Enter");
    await shown(by("table", "Users"));
    const search = await copyAndRun(tab, by("button", "Copy as curl").first());
    assert.equal(search.json.users.length, 2);
    assert.deepEqual(unmasked(search.json), unmasked(await answerOf(tab, "POST", "/admin/users/search")));

    await open("#/api-keys");
    await shown(by("table", "API keys"));
    const keys = await copyAndRun(tab, by("button", "Copy as curl").first());
    assert.deepEqual(keys.json, await answerOf(tab, "GET", "/admin/api-keys"));
  },
  CLIPBOARD,
);

check(
  "a reset can be done by the command that its dialog gives",
  async (tab) => {
    const { by, signIn, service } = tab;
    const steven = await addSteven(service);
    await signIn("support", { hash: `#/users/${steven.id}` });
    await by("button", "Reset…").click();
    const dialog = await shown(by("dialog", "Reset this user"));
    await dialog.getByRole("radio", { name: "Replace the account, keep cameras" }).check();
    await until(async () => (await dialog.textContent())?.includes(steven.account), "the preview");
    await dialog.getByRole("textbox", { name: "Reason" }).fill('ticket 4711, it\'s "urgent"');
    const { json } = await copyAndRun(tab, dialog.getByRole("button", { name: "Copy as curl" }).last());
    assert.equal(json.userId, steven.id);
    assert.equal(json.remote.deletedThreedeyeUserId, steven.account);
    assert.equal(service.accountsOf(steven.email).length, 1);
  },
  CLIPBOARD,
);

check(
  "ids with quotes, dollars, spaces and emoji survive the shell",
  async (tab) => {
    const { by, signIn, service, open } = tab;
    const ids = ["o'brien", "$HOME `id`", 'two "words" \\ here', "key 🔑 ünï"];
    await service.addUsers(ids.map((id) => ({ id })));
    await signIn("viewer");
    for (const id of ids) {
      await open(`#/users/${encodeURIComponent(id)}/json`);
      await shown(by("heading", id));
      const { json } = await copyAndRun(tab, by("button", "Copy as curl").first());
      assert.equal(json.userId, id);
      assert.equal(json.found, true);
    }
  },
  CLIPBOARD,
);

/** RFC 4180. @param {string} text @returns {string[][]} */
function parseCsv(text) {
  const rows = /** @type {string[][]} */ ([[]]);
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\r\n") rows.push([]);
    if (end === "") break;
  }
  return rows.filter((row) => row.length > 1);
}

check(
  "a CSV of the trail holds what was filtered, masked, and no formula",
  async ({ by, signIn, service, page, place, cookie }) => {
    const ada = await addComplete(service);
    await signIn("admin", { hash: "#/audit?action=user.reveal" });
    const { value } = /** @type {any} */ (await cookie());
    const reasons = ['=HYPERLINK("http://evil.example")', "+49", "-1", 'said "no", then left'];
    for (const reason of reasons) {
      const answer = await place.as(value, "POST", `/admin/users/${ada.id}/reveal`, { json: { fields: ["email"], reason } });
      assert.equal(answer.status, 200, answer.text);
    }
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      by("button", /csv/i).or(by("link", /csv/i)).first().click(),
    ]);
    const text = await readFile(await download.path(), "utf8");
    const [header, ...rows] = parseCsv(text);
    assert.equal(rows.length, reasons.length);
    const column = (/** @type {string} */ name) => header.indexOf(name);
    assert.ok(rows.every((row) => row[column("action")] === "user.reveal"));
    const guarded = reasons.map((reason) => (/^[=+\-@]/.test(reason) ? `'${reason}` : reason));
    assert.deepEqual(rows.map((row) => row[column("reason")]).sort(), guarded.sort());
    assert.ok(!text.includes(ada.email) && !text.includes("admin@smartphonekey.com"));
    for (const cell of rows.flat()) assert.doesNotMatch(cell, /^[=+\-@\t]/);
  },
);
