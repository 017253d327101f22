/**
 * The console as an operator meets it: the built Worker with its static files, D1 and the simulator, in Chromium. The
 * simulator's provider is on another site (localhost) than the Worker (127.0.0.1), as in production.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";

import { chromium } from "playwright-core";

import { findChromium } from "../../../dev/toolchain/chromium.mjs";
import { addOperators, consoleSettings, emailOf, SESSION_COOKIE } from "../../support/operators.mjs";
import { serviceForThisFile } from "../../support/service.mjs";
import { until } from "../../support/until.mjs";
import { Browsing, shown } from "./browsing.mjs";

/**
 * @typedef {import("playwright-core").Page} Page
 * @typedef {import("../../support/service.mjs").Service} Service
 *
 * @typedef {object} Options
 * @property {RegExp[]} [refused] answers of 400 and more that the test is about: /^409 POST .*\/reset$/
 * @property {string[]} [others] origins besides the Worker's that the test leads the browser to
 * @property {import("playwright-core").BrowserContextOptions} [context]
 * @property {boolean} [operators] false: there are none yet
 */

/** How long a control may take to appear on a machine that does other things as well. */
const PATIENCE_MS = 15_000;

/** How long one test may take before it counts as hung. */
const LONGEST_TEST_MS = 240_000;

/** One tab of an operator, with all that it asked for. Its methods may be taken out of it. */
export class Tab {
  /** @param {Console} place @param {Browsing} browsing @param {Page} page */
  constructor(place, browsing, page) {
    this.place = place;
    this.service = place.service;
    this.browsing = browsing;
    this.page = page;
  }

  /** @param {Parameters<Page["getByRole"]>[0]} role @param {string | RegExp} [name] @param {boolean} [exact] */
  by = (role, name, exact = false) => this.page.getByRole(role, name === undefined ? {} : { name, ...(exact && { exact }) });

  /** Opens a page of the console. @param {string} hash such as `#/users` */
  open = async (hash) => {
    await this.page.goto(`${this.service.url}/console/${hash}`);
  };

  /**
   * Signs in from where the tab is led by a link, and waits for the page that was asked for.
   * @param {string} name of a person whom the provider knows
   * @param {{hash?: string, minutesAgo?: number}} [options]
   */
  signIn = async (name, { hash = "#/", minutesAgo = 0 } = {}) => {
    await this.open(hash);
    await this.by("link", "Sign in with your work account").click();
    await this.atTheProvider(emailOf(name), minutesAgo);
    await shown(this.by("button", "Account menu"));
  };

  /** The page of the identity provider. @param {string} email @param {number} [minutesAgo] */
  atTheProvider = async (email, minutesAgo = 0) => {
    // Another site than the Worker's.
    await this.page.waitForURL(({ hostname }) => hostname === "localhost");
    const button = await shown(this.by("button", email));
    if (minutesAgo > 0) await this.by("spinbutton", "minutes ago").fill(String(minutesAgo));
    await button.click();
  };

  /** Chooses a tab of a page. @param {string} name */
  choose = async (name) => {
    const tab = this.by("tab", name, true);
    await tab.click();
    await until(async () => (await tab.getAttribute("aria-selected")) === "true", `the tab ${name} is chosen`);
  };

  /** All text of the page. */
  text = () => this.page.locator("body").textContent();

  /** What a script in the page sees. @param {string} expression @returns {Promise<any>} */
  evaluate = (expression) => this.page.evaluate(expression);

  /** The cookies of the session. */
  cookie = async () => {
    const cookies = await this.browsing.context.cookies();
    return cookies.find(({ name }) => name === SESSION_COOKIE);
  };
}

/** The console of one test file. */
class Console {
  /** @type {import("playwright-core").Browser} */
  #browser;

  /** @param {Service} service @param {import("playwright-core").Browser} browser */
  constructor(service, browser) {
    this.service = service;
    this.#browser = browser;
  }

  get provider() {
    return this.service.issuer.replace("127.0.0.1", "localhost").replace(/\/$/, "");
  }

  /**
   * Calls the Worker as the page of a session would. @param {string} cookie @param {string} method @param {string} path
   * @param {{json?: unknown, headers?: Record<string, string | undefined>}} [options]
   */
  as(cookie, method, path, { headers, ...rest } = {}) {
    return this.service.call(method, path, {
      headers: { cookie: `${SESSION_COOKIE}=${cookie}`, "sec-fetch-site": "same-origin", ...headers },
      ...rest,
    });
  }

  /**
   * A browser of its own for as long as the work lasts, which must leave no error behind.
   * @param {Options} options @param {(tab: Tab) => Promise<void>} work
   */
  async browse({ refused = [], others = [], context: settings }, work) {
    const context = await this.#browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin", ...settings });
    context.setDefaultTimeout(PATIENCE_MS);
    try {
      const browsing = await Browsing.watch(context, { worker: this.service.url, provider: this.provider, others });
      const page = await context.newPage();
      await work(new Tab(this, browsing, page));
      await browsing.answered();
      assert.deepEqual(browsing.mishaps(refused), []);
    } finally {
      await context.close();
    }
  }
}

/**
 * Starts the console for this test file and gives its `test`. Where there is no Chromium, its tests are skipped.
 * @param {import("../../support/worker-under-test.mjs").Changes} [changes]
 * @returns {Promise<(name: string, work: (tab: Tab) => Promise<void>, options?: Options) => void>}
 */
export async function consoleForThisFile(changes = {}) {
  const found = await findChromium();
  if ("missing" in found) return (name) => void test(name, { skip: found.missing }, () => {});
  const client = { clientId: `console-${randomBytes(6).toString("hex")}`, clientSecret: randomBytes(24).toString("base64url") };
  const settings = consoleSettings(client);
  const service = await serviceForThisFile({
    assets: true,
    instrumented: true,
    ...changes,
    simulator: { ...settings.simulator, ...changes.simulator },
    vars: { ...settings.vars, ...changes.vars },
    secrets: { ...settings.secrets, ...changes.secrets },
  });
  service.isBrowsed();
  const browser = await chromium.launch({
    executablePath: found.command,
    // Chromium's sandbox does not work as root.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  after(() => browser.close());
  const place = new Console(service, browser);
  return (name, work, options = {}) => {
    test(name, { timeout: LONGEST_TEST_MS }, async () => {
      service.isBrowsed();
      if (options.operators !== false) await addOperators(service);
      await place.browse(options, work);
    });
  };
}
