// Where workerd enters: the handlers of the built Worker, held once an isolate.
//
// What `build/` exports is a class whose every instance is watched, so that a Worker that broke down is set up anew before
// its next event. workerd would make an instance for each event, which costs as much as all that a refusal does. One is
// enough: its handlers are told the environment by the event, and keep nothing of it.

import Guarded from "../../../build/index.js";

/** @typedef {"fetch" | "scheduled" | "queue"} Event */
/** @typedef {(this: {env: unknown, ctx: unknown}, event: unknown) => Promise<any>} Handler */

/** @type {Partial<Record<Event, Handler>>} */
const handlers = {};

/** @param {Event} name @returns {(event: unknown, env: unknown, ctx: unknown) => Promise<any>} */
const handler = (name) => (event, env, ctx) => (handlers[name] ??= new Guarded(ctx, env)[name]).call({ env, ctx }, event);

export default { fetch: handler("fetch"), scheduled: handler("scheduled"), queue: handler("queue") };
