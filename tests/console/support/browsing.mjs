/** One browser context that sees all: what it asked for, what was answered, and everything that went wrong in its pages. */

import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../../support/until.mjs";

/**
 * @typedef {import("playwright-core").BrowserContext} BrowserContext
 * @typedef {import("playwright-core").Locator} Locator
 * @typedef {import("playwright-core").Page} Page
 * @typedef {{method: string, path: string, body: string | null, headers: Record<string, string>}} Asked
 * @typedef {{method: string, path: string, status: number, text: string}} Answered
 */

/** How long no request may be under way until a page counts as built. */
const QUIET_MS = 300;

/** How long the body of an answer is waited for. */
const BODY_LIMIT_MS = 3_000;

/** Chromium's own report of a request that failed. The request itself is judged, see `Browsing.mishaps`. */
const OF_A_REQUEST = /^Failed to load resource/;

/** Runs in every document, before anything else. */
const REPORT_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) =>
  window.reportViolation(event.violatedDirective + " " + event.blockedURI + " " + event.sample))`;

export class Browsing {
  /** @type {Asked[]} */
  asked = [];
  /** @type {Promise<Answered>[]} */
  #answered = [];
  /** What the answers cost in rows of D1, by the instruments. @type {{path: string, rowsRead: number}[]} */
  costs = [];
  /** Answers that refuse, and requests without one: "404 GET /admin/users/x". @type {string[]} */
  #refusals = [];
  /** @type {string[]} */
  #broken = [];
  #places;
  /** Requests without an answer yet. */
  #open = new Set();
  /** When the last one was answered. */
  #quietSince = 0;

  /** @param {BrowserContext} context @param {{worker: string, provider: string, others: string[]}} places the only origins that may be asked */
  constructor(context, places) {
    this.context = context;
    this.#places = places;
  }

  /** @param {BrowserContext} context @param {{worker: string, provider: string, others: string[]}} places */
  static async watch(context, places) {
    const browsing = new Browsing(context, places);
    await browsing.#watch();
    return browsing;
  }

  async #watch() {
    const { context } = this;
    await context.exposeFunction("reportViolation", (/** @type {string} */ what) =>
      this.#broken.push(`violates the CSP: ${what}`),
    );
    await context.addInitScript(REPORT_VIOLATIONS);
    context.on("console", (message) => {
      if (message.type() !== "error" || OF_A_REQUEST.test(message.text())) return;
      this.#broken.push(`console: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.#broken.push(`uncaught: ${error.error().stack ?? error.error().message}`));
    context.on("request", (request) => {
      const { origin, protocol, pathname, search } = new URL(request.url());
      if (["data:", "blob:"].includes(protocol)) return;
      const { worker, provider, others } = this.#places;
      if (![worker, ...others].includes(origin) && !(origin === provider && pathname === "/authorize"))
        this.#broken.push(`asks a foreign place: ${request.url()}`);
      this.asked.push({
        method: request.method(),
        path: `${pathname}${search}`,
        body: request.postData(),
        headers: request.headers(),
      });
    });
    context.on("request", (request) => this.#open.add(request));
    const isOver = (/** @type {import("playwright-core").Request} */ request) => {
      this.#open.delete(request);
      this.#quietSince = performance.now();
    };
    context.on("requestfinished", isOver);
    context.on("requestfailed", isOver);
    context.on("response", (response) => this.#answered.push(this.#heard(response)));
    context.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "failed";
      // A page that is left gives up what it still waits for.
      if (why !== "net::ERR_ABORTED") this.#refusals.push(`${why} ${request.method()} ${new URL(request.url()).pathname}`);
    });
  }

  /** @param {import("playwright-core").Response} response @returns {Promise<Answered>} */
  async #heard(response) {
    const method = response.request().method();
    const { pathname, search } = new URL(response.url());
    const status = response.status();
    const rowsRead = response.headers()["x-d1-rows-read"];
    if (rowsRead !== undefined) this.costs.push({ path: `${pathname}${search}`, rowsRead: Number(rowsRead) });
    if (status >= 400) this.#refusals.push(`${status} ${method} ${pathname}`);
    // A redirect has no body, that of a page which was left is gone, and one that no script reads may never be whole.
    const text = await Promise.race([response.text().catch(() => ""), sleep(BODY_LIMIT_MS, "", { ref: false })]);
    return { method, path: `${pathname}${search}`, status, text };
  }

  /** All answers so far. */
  answered() {
    return Promise.all(this.#answered);
  }

  /** Waits until the page has what it asked for and has shown it. */
  async settled() {
    const isQuiet = () => this.#open.size === 0 && performance.now() - this.#quietSince > QUIET_MS;
    await until(isQuiet, "the page has everything it asked for");
  }

  /** The requests to a path that begins so. @param {string} method @param {string} path */
  calls(method, path) {
    return this.asked.filter((asked) => asked.method === method && asked.path.startsWith(path));
  }

  /** What went wrong so far was meant to. */
  forget() {
    this.#broken.length = 0;
    this.#refusals.length = 0;
  }

  /** What went wrong so far, without the refusals that the test is about. @param {RegExp[]} expected @returns {string[]} */
  mishaps(expected) {
    // Before a sign-in, there is no session to be told of.
    const known = [/^401 GET \/console\/session$/, ...expected];
    return [...this.#broken, ...this.#refusals.filter((refusal) => !known.some((pattern) => pattern.test(refusal)))];
  }
}

/** Waits until it is there. @param {Locator} locator @returns {Promise<Locator>} */
export async function shown(locator) {
  await locator.first().waitFor({ state: "visible" });
  return locator.first();
}

/** Waits until it is not there any more. @param {Locator} locator */
export async function gone(locator) {
  await locator.first().waitFor({ state: "hidden" });
}

/** @param {Locator} locator */
export const hasFocus = (locator) =>
  locator.evaluate((/** @type {any} */ element) => element === element.ownerDocument.activeElement);
