/** A connection that goes and comes back, and a panel that fails alone. Check 23. */

import assert from "node:assert/strict";

import { until } from "../support/until.mjs";
import { gone, shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { addSteven } from "./support/people.mjs";

const check = await consoleForThisFile();

check(
  "offline, it says so and nothing can be done; back online everything is read anew",
  async ({ by, signIn, service, browsing }) => {
    const steven = await addSteven(service);
    await signIn("support", { hash: `#/users/${steven.id}` });
    await shown(by("heading", steven.id));
    const posts = browsing.calls("POST", "/admin/").length;
    await browsing.context.setOffline(true);
    await by("button", /^Refresh/)
      .first()
      .click();
    await shown(by("status").filter({ hasText: "Connection lost" }));
    const provision = by("button", "Provision now");
    await until(() => provision.isDisabled(), "acts are disabled");
    await service.sql("UPDATE users SET phone_number = NULL, email = 'renamed.robert@example.com' WHERE uuid = ?", steven.id);
    await browsing.context.setOffline(false);
    await gone(by("status").filter({ hasText: "Connection lost" }));
    await shown(by("main").getByText("r***@example.com"));
    await until(async () => !(await provision.isDisabled()), "acts are there again");
    assert.equal(browsing.calls("POST", "/admin/").length, posts, "nothing was sent meanwhile or after");
  },
  { refused: [/^net::ERR_INTERNET_DISCONNECTED GET \//] },
);

/** The answer of a panel's call, once. @param {number} status @param {Record<string, string>} headers */
const failure = (status, headers = {}) => ({
  status,
  headers: { "content-type": "application/json", "x-request-id": "req_01AN4Z07BY79KA1307SR9X4MV3", ...headers },
  body: JSON.stringify({
    success: false,
    error: status === 429 ? "Too Many Requests" : "Internal Server Error",
    message: status === 429 ? "Too many requests" : "An unexpected error occurred",
    requestId: "req_01AN4Z07BY79KA1307SR9X4MV3",
  }),
});

for (const status of [500, 429]) {
  check(
    `a ${status} in one panel leaves the others, and another try mends it`,
    async ({ by, signIn, page }) => {
      let fails = true;
      await page.route(
        ({ pathname }) => pathname === "/admin/stats",
        (route) => (fails ? route.fulfill(failure(status, status === 429 ? { "retry-after": "8" } : {})) : route.continue()),
      );
      await signIn("viewer");
      const alert = await shown(by("alert"));
      assert.ok((await alert.textContent())?.includes("req_01AN4Z07BY79KA1307SR9X4MV3"), "with the request id");
      await shown(by("link", /^Quarantined/));
      if (status === 429) await until(async () => /\b\d s\b/.test((await alert.textContent()) ?? ""), "it counts down");
      fails = false;
      const retry = alert.getByRole("button", { name: /^Retry/ });
      await until(async () => (await by("alert").count()) === 0 || (await retry.isEnabled()), "another try is offered");
      if (await retry.isVisible()) await retry.click();
      await gone(by("alert"));
    },
    { refused: [new RegExp(`^${status} GET /admin/stats$`)] },
  );
}
