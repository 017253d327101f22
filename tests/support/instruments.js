/**
 * The built Worker with measuring instruments on it: it is put in the Worker's place and hands every event on. Counts the
 * round trips to D1 and the rows they read and write, makes them and the queue fail, and turns the clock. What is tested
 * stays as it was built.
 */

import { WorkerEntrypoint } from "cloudflare:workers";

// @ts-expect-error: it is given this name when the Worker is put together
import service from "the-built-worker";

/**
 * @typedef {{roundTrips: number, rowsRead: number, rowsWritten: number}} Meter
 * @typedef {{DB: D1Database, PROVISIONING_QUEUE?: Queue}} Bindings
 */

/** Milliseconds by which the Worker's clock is ahead. */
let ahead = 0;
/** Where the Worker's clock stands, `ahead` not counted; null: it runs. @type {number | null} */
let frozenAt = null;
/** Round trips to D1 that still succeed; then they fail. */
let spared = Infinity;
/** While true, round trips to D1 wait. */
let held = false;
/** Round trips of one request that are let through even so. */
let heldAfter = 0;
/** Those that wait. */
let waiting = 0;
/** Round trips of the events that have no answer to carry a count: of cron and of queues. */
let roundTripsOfEvents = 0;
/** Rows that these read, and wrote. */
let rowsReadOfEvents = 0;
let rowsWrittenOfEvents = 0;
/** Every statement that the Worker has prepared so far. */
const prepared = new Set();

/** The Worker's linear memory, once it was looked at. @type {WebAssembly.Memory | undefined} */
let memory;
/** What the queue does with messages: "keeps", "refuses" or "loses" them. */
let queueIs = "keeps";
/** Whether the next look at the clock breaks the Worker down, as a defect in it would. */
let breaksAtClock = false;
/** Deliveries that still break down after the Worker has done its work, so that its answer is lost. */
let breakdowns = 0;

const now = Date.now.bind(Date);
Date.now = () => {
  if (breaksAtClock) {
    breaksAtClock = false;
    throw new Error("made to break down");
  }
  return (frozenAt ?? now()) + ahead;
};

// The Worker's glue keeps the memory to itself, but asks it for its buffer whenever it has grown.
const { get: bufferOf, ...buffer } = /** @type {PropertyDescriptor & {get: () => ArrayBuffer}} */ (
  Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, "buffer")
);
Object.defineProperty(WebAssembly.Memory.prototype, "buffer", {
  ...buffer,
  get() {
    memory = this;
    return bufferOf.call(this);
  },
});

const CONTROL = "/__instruments";

export default class extends WorkerEntrypoint {
  /** @param {Request} request */
  async fetch(request) {
    if (new URL(request.url).pathname === CONTROL) return control(request);
    const meter = { roundTrips: 0, rowsRead: 0, rowsWritten: 0 };
    const answer = await service.fetch(request, measured(this.env, meter), this.ctx);
    const told = new Response(answer.body, answer);
    told.headers.set("x-d1-round-trips", String(meter.roundTrips));
    told.headers.set("x-d1-rows-read", String(meter.rowsRead));
    told.headers.set("x-d1-rows-written", String(meter.rowsWritten));
    return told;
  }

  /** @param {unknown} event */
  async scheduled(event) {
    const meter = { roundTrips: 0, rowsRead: 0, rowsWritten: 0 };
    await service.scheduled(event, measured(this.env, meter), this.ctx);
    roundTripsOfEvents += meter.roundTrips;
    rowsReadOfEvents += meter.rowsRead;
    rowsWrittenOfEvents += meter.rowsWritten;
  }

  /** @param {unknown} batch */
  async queue(batch) {
    const meter = { roundTrips: 0, rowsRead: 0, rowsWritten: 0 };
    await service.queue(batch, measured(this.env, meter), this.ctx);
    roundTripsOfEvents += meter.roundTrips;
    rowsReadOfEvents += meter.rowsRead;
    rowsWrittenOfEvents += meter.rowsWritten;
    if (breakdowns > 0) {
      breakdowns -= 1;
      throw new Error("made to break down");
    }
  }
}

/** As D1's binding fails where the answer is cut short on its way. */
function failure() {
  const cause = new Error('Failed to parse body as JSON, got: [{"results":[{"email":"secret-of-d1');
  return new Error(`D1_ERROR: ${cause.message}`, { cause });
}

/** @param {Request} request */
async function control(request) {
  const order = /** @type {any} */ (await request.json());
  if ("aheadMs" in order) ahead = order.aheadMs;
  if ("frozenAt" in order) frozenAt = order.frozenAt;
  if ("held" in order) held = order.held;
  if ("heldAfter" in order) heldAfter = order.heldAfter;
  if ("sparedRoundTrips" in order) spared = order.sparedRoundTrips ?? Infinity;
  if ("queueIs" in order) queueIs = order.queueIs;
  if ("breaksAtClock" in order) breaksAtClock = order.breaksAtClock;
  if ("breakdowns" in order) breakdowns = order.breakdowns;
  const memoryBytes = memory?.buffer.byteLength ?? null;
  return Response.json({
    roundTripsOfEvents,
    rowsReadOfEvents,
    rowsWrittenOfEvents,
    waiting,
    memoryBytes,
    prepared: [...prepared],
  });
}

/** @param {Bindings} env @param {Meter} meter */
function measured(env, meter) {
  const statements = new WeakMap();
  const count = async () => {
    meter.roundTrips += 1;
    waiting += 1;
    // Looked at again and again, because a request may not wait for a promise of another one.
    while (held && meter.roundTrips > heldAfter) await new Promise((wake) => setTimeout(wake, 5));
    waiting -= 1;
    if (spared <= 0) throw failure();
    spared -= 1;
  };
  // As D1 bills them. `first` and `raw` do not tell; the Worker uses neither.
  /** @template {{meta?: any}} Result @param {Result} result */
  const weigh = (result) => {
    meter.rowsRead += result?.meta?.rows_read ?? 0;
    meter.rowsWritten += result?.meta?.rows_written ?? 0;
    return result;
  };
  /** @param {D1PreparedStatement} real */
  const statement = (real) => {
    const shown = new Proxy(real, {
      get(/** @type {any} */ target, /** @type {string} */ name) {
        if (name === "bind") return (/** @type {unknown[]} */ ...values) => statement(target.bind(...values));
        if (!["all", "first", "run", "raw"].includes(name)) return Reflect.get(target, name, target);
        return async (/** @type {unknown[]} */ ...rest) => {
          await count();
          return weigh(await target[name](...rest));
        };
      },
    });
    statements.set(shown, real);
    return shown;
  };
  const DB = new Proxy(env.DB, {
    get(target, name) {
      if (name === "prepare") {
        return (/** @type {string} */ sql) => {
          prepared.add(sql);
          return statement(target.prepare(sql));
        };
      }
      if (name === "batch") {
        return async (/** @type {D1PreparedStatement[]} */ list) => {
          await count();
          return (await target.batch(list.map((one) => statements.get(one) ?? one))).map(weigh);
        };
      }
      if (name === "exec") {
        return async (/** @type {string} */ sql) => {
          await count();
          return target.exec(sql);
        };
      }
      const value = Reflect.get(target, name, target);
      return name === "constructor" || typeof value !== "function" ? value : value.bind(target);
    },
  });
  if (!env.PROVISIONING_QUEUE) return { ...env, DB };
  const PROVISIONING_QUEUE = new Proxy(env.PROVISIONING_QUEUE, {
    get(/** @type {any} */ target, name) {
      if (name === "constructor") return target.constructor;
      return async (/** @type {unknown[]} */ ...rest) => {
        if (queueIs === "refuses") throw new Error("made to refuse");
        if (queueIs === "keeps") return target[name](...rest);
      };
    },
  });
  return { ...env, DB, PROVISIONING_QUEUE };
}
