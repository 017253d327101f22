/** Signing in and out: what is shown before, what comes back after, and what a browser keeps of it. Checks 1 to 4 and 7. */

import assert from "node:assert/strict";

import { emailOf, recentPair } from "../support/operators.mjs";
import { until } from "../support/until.mjs";
import { gone, shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { addSteven, trail } from "./support/people.mjs";

const check = await consoleForThisFile();

/** What may never lie in a browser's storage: a token, a key of ours, an e-mail. */
const SECRET = /eyJ|spk_|@/;

check("signed out, a deep link asks to sign in and nothing is read", async ({ by, open, browsing, service, text }) => {
  const steven = await addSteven(service);
  await open(`#/users/${steven.id}`);
  await shown(by("heading", "Sign in"));
  await shown(by("link", "Sign in with your work account"));
  const answers = await browsing.answered();
  assert.deepEqual(
    answers.filter(({ path, status }) => path.startsWith("/admin") && status === 200),
    [],
  );
  assert.ok(!(await text())?.includes(steven.email));
});

check("after signing in, the deep link is back and the menu names the operator", async ({ by, signIn, service, page }) => {
  const steven = await addSteven(service);
  await signIn("support", { hash: `#/users/${steven.id}` });
  await shown(by("heading", steven.id));
  assert.equal(new URL(page.url()).hash, `#/users/${steven.id}`);
  const menu = by("button", "Account menu");
  const named = `${await menu.textContent()} ${await menu.getAttribute("aria-label")}`;
  assert.ok(named.includes("support@"), named);
});

check(
  "the session is a cookie that no script can see, and nothing else is kept",
  async ({ by, signIn, cookie, evaluate, service }) => {
    const steven = await addSteven(service);
    await signIn("support", { hash: `#/users/${steven.id}` });
    await shown(by("heading", steven.id));
    const { httpOnly, secure, sameSite, path, expires } = /** @type {any} */ (await cookie());
    assert.deepEqual(
      { httpOnly, secure, sameSite, path, expires },
      { httpOnly: true, secure: true, sameSite: "Strict", path: "/", expires: -1 },
    );
    assert.equal(await evaluate("document.cookie"), "");
    const stored = await evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])");
    assert.doesNotMatch(stored, SECRET);
    assert.ok(!stored.includes(service.adminKey));
    assert.deepEqual(await evaluate("(async () => (await indexedDB.databases()).length + (await caches.keys()).length)()"), 0);
  },
);

for (const email of [emailOf("stranger"), "visitor@elsewhere.example"]) {
  check(
    `${email} is told that they are not an operator`,
    async ({ by, open, atTheProvider, cookie, evaluate, service }) => {
      await open("#/");
      await by("link", "Sign in with your work account").click();
      await atTheProvider(email);
      await shown(by("heading", "You are not an operator"));
      assert.equal(await cookie(), undefined);
      assert.equal(await evaluate("fetch('/admin/overview').then(({ status }) => status)"), 401);
      const refused = (await trail(service)).filter(({ action }) => action === "session.refuse");
      assert.equal(refused.length, 1);
    },
    { refused: [/^401 GET \/admin\/overview$/] },
  );
}

check(
  "signing out ends the session everywhere, and Back shows no data",
  async ({ by, signIn, cookie, page, place, service, text }) => {
    const steven = await addSteven(service);
    await signIn("support", { hash: `#/users/${steven.id}` });
    await shown(by("heading", steven.id));
    const before = /** @type {any} */ (await cookie()).value;
    assert.equal((await place.as(before, "GET", "/admin/overview")).status, 200);
    await by("link", "Runs", true).click();
    await shown(by("heading", "Runs"));
    await by("button", "Account menu").click();
    await by("button", "Sign out", true)
      .or(by("menuitem", "Sign out", true))
      .click();
    await shown(by("heading", "Sign in"));
    assert.equal(await cookie(), undefined);
    assert.equal((await place.as(before, "GET", "/admin/overview")).status, 401);
    await page.goBack();
    await shown(by("link", "Sign in with your work account"));
    assert.ok(!(await text())?.includes("s***@example.com"));
  },
  { refused: [/^401 GET \/admin\//] },
);

check(
  "disabling an operator ends their open tab at its next call",
  async ({ by, signIn, service }) => {
    await signIn("support", { hash: "#/users" });
    const { operators } = (await service.call("GET", "/admin/operators", { headers: recentPair(service) })).json;
    const { id } = operators.find(
      (/** @type {any} */ operator) => operator.email.startsWith("support") || operator.role === "support",
    );
    const answer = await service.call("DELETE", `/admin/operators/${id}`, { headers: recentPair(service) });
    assert.ok([200, 204].includes(answer.status), answer.text);
    // The page may read something by itself before.
    await by("link", "Audit")
      .click({ timeout: 1_000 })
      .catch(() => {});
    await shown(by("link", "Sign in with your work account"));
    await gone(by("table"));
    await until(async () => (await trail(service, id)).length > 0, "the trail tells of it");
  },
  { refused: [/^401 GET \/admin\//] },
);
