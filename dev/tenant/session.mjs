// The calls of one run: they carry key and token, are repeated where that is harmless, and are kept for the transcript.

import { setTimeout as sleep } from "node:timers/promises";

import { LostAnswer, send } from "./client.mjs";
import { joined, obstacleTo, withChanges } from "./dialect.mjs";
import { parseJson, stringifyJson } from "./json.mjs";
import { read, readLost } from "./reading.mjs";
import { REQUESTS } from "./requests.mjs";
import { retryAfter } from "./retry-after.mjs";

/**
 * @typedef {import("./settings.mjs").Settings} Settings
 * @typedef {import("./reading.mjs").Reading} Reading
 * @typedef {keyof typeof REQUESTS} CallName
 *
 * @typedef {object} Outcome
 * @property {number | null} status null where no whole answer came
 * @property {Headers} headers
 * @property {string} text
 * @property {number} ms
 * @property {Reading} reading in the dialect that is in force and what was learned since
 * @property {any} json undefined if there is none
 * @property {string} told status or failure, in words
 *
 * @typedef {object} Exchange
 * @property {CallName} call
 * @property {string} note
 * @property {any} params
 * @property {import("./dialect.mjs").Dialect} dialect of the request
 * @property {import("./client.mjs").Answer | null} answer
 * @property {string} reading in the dialect that is in force
 *
 * @typedef {object} Manner how a call is made
 * @property {string} note what it is for
 * @property {string} [key] in place of the API key
 * @property {string | null} [bearer] in place of our token; null for none
 * @property {boolean} [once] it is not repeated
 * @property {import("./dialect.mjs").Dialect} [dialect] in place of the one in force
 */

/** The run cannot go on. */
export class Stop extends Error {
  /** @param {string} message @param {3 | 2 | 1} [exitCode] 3: not reached or refused; 2: the e-mail is in use; 1: a row differs too much */
  constructor(message, exitCode = 3) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The run was told to end. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals | "output"} by */
  constructor(by) {
    super(by === "output" ? "its output was closed" : `ended by ${by}`);
    this.by = by;
  }
}

const TRIES = 3;
const WAITS_MS = [500, 2_000];

/** They change something: an interruption lets them end, so that what they did is known. */
const CHANGING = ["create", "delete", "attachRole", "detachRole"];

/** They take no token. */
const TOKEN_CALLS = ["token", "proof"];

export class Session {
  /** @type {Exchange[]} */
  exchanges = [];
  /** What was learned about the dialect. @type {import("./dialect.mjs").Changes} */
  learned = {};
  /** Tokens that were received, our own first. @type {Set<string>} */
  tokens = new Set();
  /** @type {string | undefined} */
  token;
  /** @type {AbortSignal | undefined} interrupts what changes nothing; undefined while cleaning up */
  signal;

  /** @param {Settings} settings @param {import("./findings.mjs").Findings} findings @param {AbortSignal} signal */
  constructor(settings, findings, signal) {
    this.settings = settings;
    this.findings = findings;
    this.signal = signal;
    this.dialect = settings.dialect;
  }

  /**
   * A row differs in what the dialect can say: goes on in one that says so. Changes that the Worker would refuse are not
   * proposed; the row's file is to be changed then.
   * @param {number} row @param {{expected: string, seen: string, changes: import("./dialect.mjs").Changes}} difference
   */
  learn(row, { expected, seen, changes }) {
    const obstacle = obstacleTo(this.dialect, changes);
    if (obstacle !== undefined) return this.findings.cannotBeSet(row, { expected, seen, obstacle });
    this.findings.differs(row, { expected, seen, changes });
    this.dialect = withChanges(this.dialect, changes);
    this.learned = joined(this.learned, changes);
  }

  get pageSize() {
    return Math.min(this.settings.pageSize, this.dialect.maxPageSize);
  }

  /** @param {number} ms */
  async pause(ms) {
    this.signal?.throwIfAborted();
    try {
      await sleep(ms, undefined, { signal: this.signal });
    } catch {
      this.signal?.throwIfAborted();
    }
  }

  /** @param {Manner} manner @param {Partial<import("./requests.mjs").Page>} [page] */
  list(manner, { customer = this.settings.customer, page = this.dialect.firstPage, pageSize = this.pageSize } = {}) {
    return this.call("list", { customer, page, pageSize }, manner);
  }

  /** Fetches a token with our login, if there is one. @param {string} note @returns {Promise<Outcome | undefined>} */
  async signIn(note) {
    if (!this.settings.login) return undefined;
    const outcome = await this.call("token", this.settings.login, { note });
    this.token = outcome.reading.token;
    return outcome;
  }

  /**
   * Sends a call, up to three times if it is harmless to repeat and 3dEye limits our rate or is unavailable. A refused token
   * is renewed once.
   * @param {CallName} call @param {any} params @param {Manner} manner
   * @returns {Promise<Outcome>}
   */
  async call(call, params, manner) {
    let renewed = false;
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#send(call, params, manner);
      const { name } = outcome.reading;
      const isOurToken = this.token !== undefined && manner.bearer === undefined && !TOKEN_CALLS.includes(call);
      if (outcome.status === 401 && isOurToken && manner.key === undefined && !renewed) {
        renewed = true;
        await this.signIn("another token");
        if (this.token !== undefined) continue;
      }
      const isRepeated = name === "error:rate_limited" || (name === "error:unavailable" && call !== "create");
      if (manner.once || !isRepeated) return outcome;
      const asked = name === "error:rate_limited" ? this.#asked(outcome) : 0;
      if (tries >= TRIES) {
        if (name === "error:rate_limited") throw new Stop("3dEye still limits our rate after three tries");
        return outcome;
      }
      await this.pause(Math.max(asked, WAITS_MS[tries - 1]));
    }
  }

  /** How long 3dEye wants us to wait. @param {Outcome} outcome */
  #asked({ headers }) {
    const value = headers.get("retry-after");
    const seconds = value === null ? undefined : retryAfter(value, Date.now());
    if (seconds !== undefined && seconds * 1000 > this.settings.waitMs) {
      throw new Stop(`3dEye limits our rate and asks to wait ${Math.ceil(seconds)} s: run this again after that`);
    }
    return (seconds ?? 0) * 1000;
  }

  /** @param {CallName} call @param {any} params @param {Manner} manner @returns {Promise<Outcome>} */
  async #send(call, params, { note, key = this.settings.apiKey, bearer = this.token, dialect = this.dialect }) {
    this.signal?.throwIfAborted();
    const { settings } = this;
    const request = REQUESTS[call](dialect, params);
    const headers = {
      "x-api-key": key,
      accept: "application/json",
      ...(request.body && { "content-type": "application/json" }),
      ...(bearer && !TOKEN_CALLS.includes(call) && { authorization: `Bearer ${bearer}` }),
    };
    const body = request.body ? stringifyJson(request.body) : undefined;
    const signal = CHANGING.includes(call) ? undefined : this.signal;
    const known = call === "detachRole" ? undefined : call;
    const email = call === "create" ? params.email : undefined;
    try {
      const url = settings.baseUrl + request.path;
      const answer = await send(url, { method: request.method, headers, body, timeoutMs: settings.timeoutMs, signal });
      const readIn = (/** @type {import("./dialect.mjs").Dialect} */ one) =>
        known ? read(known, answer, one, email) : { name: String(answer.status) };
      const reading = readIn(dialect);
      if (reading.token !== undefined) this.tokens.add(reading.token);
      if (known) this.exchanges.push({ call, note, params, dialect, answer, reading: readIn(settings.dialect).name });
      this.findings.heard(answer);
      return { ...answer, reading, json: parseJson(answer.text), told: String(answer.status) };
    } catch (error) {
      if (!(error instanceof LostAnswer)) throw error;
      const cause = /** @type {import("./reading.mjs").Lost} */ (error.cause);
      const reading = known ? readLost(known, cause) : { name: "lost" };
      // An answer that was too large cannot be replayed.
      if (known && cause !== "too large") {
        this.exchanges.push({ call, note, params, dialect, answer: null, reading: reading.name });
      }
      return { status: null, headers: new Headers(), text: "", ms: 0, reading, json: undefined, told: error.message };
    }
  }
}
