/** The record of every call received, so that a test can count them and see how many ran side by side. */

/**
 * @typedef {object} Call
 * @property {number} seq from 1, in order of arrival
 * @property {number} at arrival, epoch milliseconds
 * @property {string} method
 * @property {string} path as received, without the query
 * @property {Record<string, string>} query
 * @property {number | "reset" | "hang" | null} status null while there is no answer yet
 * @property {boolean} authenticated
 * @property {string} [email] of a create or a token call; passwords are never recorded
 * @property {number | null} durationMs null while there is no answer yet
 * @property {number} concurrent upstream calls under way when this one arrived, itself included
 *
 * @typedef {(moment: "arrived" | "answered", call: Call) => void} Watcher
 */

export class CallLedger {
  /** @type {Call[]} */
  #calls = [];
  /** @type {Set<OpenCall>} */
  #upstreamInFlight = new Set();
  /** @type {Set<Watcher>} */
  #watchers = new Set();
  #lastSeq = 0;

  /**
   * @param {{method: string, path: string, query: Record<string, string>, upstream: boolean}} arrival
   * @returns {OpenCall}
   */
  open({ upstream, ...request }) {
    /** @type {OpenCall} */
    const open = new OpenCall(
      () => this.#upstreamInFlight.delete(open),
      () => this.#tell("answered", open.call),
    );
    if (upstream) this.#upstreamInFlight.add(open);
    const concurrent = this.#upstreamInFlight.size;
    const arrival = { seq: ++this.#lastSeq, at: Date.now(), ...request };
    Object.assign(open.call, arrival, { status: null, authenticated: false, durationMs: null, concurrent });
    this.#calls.push(open.call);
    this.#tell("arrived", open.call);
    return open;
  }

  /**
   * Tells of every call when it arrives and when its outcome is decided, before the first byte of the answer is sent.
   * @param {Watcher} watcher
   * @returns {() => void} ends it
   */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** @type {Watcher} */
  #tell(moment, call) {
    for (const watcher of this.#watchers) watcher(moment, call);
  }

  list() {
    return this.#calls.map((call) => structuredClone(call));
  }

  clear() {
    this.#calls = [];
  }

  /** Also begins to count from 1 again. */
  reset() {
    this.clear();
    this.#lastSeq = 0;
  }
}

/** A call that is under way. */
export class OpenCall {
  /** @type {Call} */
  call = /** @type {Call} */ ({});
  #startedAt = performance.now();
  #onEnd;
  #onAnswer;

  /** @param {() => void} onEnd @param {() => void} onAnswer */
  constructor(onEnd, onAnswer) {
    this.#onEnd = onEnd;
    this.#onAnswer = onAnswer;
  }

  /** @param {{authenticated: boolean, email?: string}} caller */
  identify({ authenticated, email }) {
    this.call.authenticated = authenticated;
    if (email !== undefined) this.call.email = email;
  }

  /**
   * The outcome is decided. Comes before the last byte is sent: a client that has read its answer may send its next call
   * at once, and it must not find the former one still counted.
   * @param {number | "reset"} status
   */
  answered(status) {
    this.call.status = status;
    this.#stop();
    this.#onAnswer();
  }

  /**
   * There is an outcome, but the exchange stays open until one side gives up.
   * @param {number | "hang"} status
   */
  lingering(status) {
    this.call.status = status;
  }

  /** The connection is gone, by whichever side. Effects and status of a call still in the works may follow. */
  disconnected() {
    this.#stop();
  }

  #stop() {
    this.call.durationMs ??= Math.round(performance.now() - this.#startedAt);
    this.#onEnd();
  }
}
