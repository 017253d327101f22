/** What other sites, replayed answers of the provider and plain navigations come to. Checks 5, 6 and 8. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after } from "node:test";

import { emailOf, recentPair } from "../support/operators.mjs";
import { shown } from "./support/browsing.mjs";
import { consoleForThisFile } from "./support/console.mjs";
import { addSteven, trail } from "./support/people.mjs";

const check = await consoleForThisFile();

/** A site with a page of the given content. */
let content = "";
const site = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end(content));
site.listen(0, "127.0.0.1");
await once(site, "listening");
after(() => site.close());
const { port } = /** @type {import("node:net").AddressInfo} */ (site.address());
/** Another site, and one that SameSite counts as ours, as it counts a sibling domain. */
const [FOREIGN, SIBLING] = [`http://localhost:${port}`, `http://127.0.0.1:${port}`];

check(
  "neither another site nor a sibling can act for an operator; the pair goes on as it was",
  async ({ signIn, service, page, browsing, cookie, place, evaluate }) => {
    const steven = await addSteven(service);
    await signIn("support");
    const reset = `/admin/threedeye/users/${steven.id}/reset`;
    const statusOfReset = async () =>
      (await browsing.answered()).filter(({ path, method }) => path === reset && method === "POST").map(({ status }) => status);

    content = `<form method="post" action="${service.url}${reset}"><button>Go</button></form>`;
    await page.goto(FOREIGN);
    await page.getByRole("button", { name: "Go" }).click();
    await page.waitForURL(`**${reset}`);
    assert.deepEqual(await statusOfReset(), [401], "a cross-site form carries no cookie");

    content = "<p>nothing here</p>";
    await page.goto(SIBLING);
    await evaluate(
      `fetch("${service.url}${reset}", { method: "POST", mode: "no-cors", credentials: "include", body: '{"deleteRemote":true}' })`,
    );
    assert.deepEqual(await statusOfReset(), [401, 403], "that of a sibling does, and is refused by Sec-Fetch-Site");
    assert.deepEqual(await trail(service, steven.id), []);
    assert.equal(service.accountsOf(steven.email)[0].id, Number(steven.account) || steven.account);

    const { value } = /** @type {any} */ (await cookie());
    // Without Sec-Fetch-Site, which old browsers do not send, Origin has to be ours.
    const json = { deleteRemote: false };
    for (const headers of /** @type {Record<string, string | undefined>[]} */ ([
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": undefined, origin: FOREIGN },
      { "sec-fetch-site": undefined },
    ]))
      assert.equal((await place.as(value, "POST", reset, { json, headers })).status, 403, JSON.stringify(headers));
    assert.deepEqual(await trail(service, steven.id), []);

    assert.equal((await service.reset(steven, {})).status, 200, "the pair needs none of these headers");
    const wrong = { "x-admin-api-key": "not-the-key", authorization: "Bearer not-a-token" };
    assert.equal((await place.as(value, "GET", "/admin/overview", { headers: wrong })).status, 401, "header beats cookie");
    const pair = await place.as(value, "POST", reset, { json: {}, headers: recentPair(service) });
    assert.equal(pair.status, 200);
    assert.ok(
      (await trail(service, steven.id)).every(({ actor }) => !actor.startsWith("operator:")),
      "the cookie was ignored",
    );
  },
  { others: [FOREIGN, SIBLING], refused: [/^40[13] POST \/admin\/threedeye/] },
);

/** @param {import("./support/console.mjs").Tab} tab */
async function toTheProvider({ by, open, page }) {
  await open("#/");
  await by("link", "Sign in with your work account").click();
  await shown(by("button", emailOf("support")));
  return new URL(page.url()).searchParams;
}

/** The callback was refused with a page that leads back, and there is no session. @param {import("./support/console.mjs").Tab} tab */
async function assertRefused({ by, browsing, cookie }) {
  await shown(by("link", /sign in|console/i));
  const answers = (await browsing.answered()).filter(({ path }) => path.startsWith("/console/auth/"));
  assert.match(String(answers.at(-1)?.status), /^4/);
  assert.equal(await cookie(), undefined);
}

const REFUSED = { refused: [/^4\d\d GET \/console\/auth\//] };

check(
  "a callback with the state of another sign-in is refused",
  async (tab) => {
    await toTheProvider(tab);
    await tab.page.goto(`${tab.service.url}/console/auth/callback?code=sim-code-x&state=of-another-browser`);
    await assertRefused(tab);
  },
  REFUSED,
);

check(
  "a callback that was used is refused",
  async (tab) => {
    await tab.signIn("support");
    const [used] = tab.browsing.calls("GET", "/console/auth/callback");
    await tab.browsing.settled();
    await tab.page.goto("about:blank");
    await tab.browsing.context.clearCookies();
    await tab.page.goto(tab.service.url + used.path);
    await assertRefused(tab);
  },
  REFUSED,
);

check(
  "an ID token with another nonce is refused",
  async (tab) => {
    tab.service.sim.configure({ openid: { idToken: { claims: { nonce: "of-another-sign-in" } } } });
    await toTheProvider(tab);
    await tab.atTheProvider(emailOf("support"));
    await assertRefused(tab);
  },
  REFUSED,
);

check(
  "a sign-in of nine hours ago is refused, whatever the provider made of max_age",
  async (tab) => {
    tab.service.sim.configure({ openid: { honoursMaxAge: false } });
    const query = await toTheProvider(tab);
    assert.equal(query.get("max_age"), "28800");
    await tab.atTheProvider(emailOf("support"), 9 * 60);
    await assertRefused(tab);
  },
  REFUSED,
);

check(
  "nobody is led to another site after signing in",
  async ({ page, service, browsing, cookie }) => {
    for (const place of ["https://evil.example", "//evil.example", "/admin", "javascript:alert(1)"]) {
      const answer = await page.goto(`${service.url}/console/auth/login?return=${encodeURIComponent(place)}`);
      assert.equal(answer?.status(), 400, place);
    }
    assert.equal(await cookie(), undefined);
    assert.deepEqual(browsing.calls("GET", "/authorize"), []);
  },
  REFUSED,
);

check(
  "navigations to the API get the API's answers, not the console",
  async ({ page, service, by }) => {
    for (const [path, status] of /** @type {const} */ ([
      ["/health", 200],
      ["/openapi.json", 200],
      ["/no/such/page", 404],
    ])) {
      const answer = await page.goto(service.url + path);
      assert.equal(answer?.status(), status, path);
      assert.match(answer?.headers()["content-type"] ?? "", /^application\/json/);
    }
    await page.goto(`${service.url}/console`);
    assert.equal(new URL(page.url()).pathname, "/console/");
    await shown(by("heading", "Sign in"));
    const missing = await page.goto(`${service.url}/console/no-such-file`);
    assert.equal(missing?.status(), 404);
  },
  { refused: [/^404 GET \/(no\/such\/page|console\/no-such-file)$/] },
);
