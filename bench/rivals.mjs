// Our Worker and those that it is compared with.

import { Failure } from "../dev/tooling/say.mjs";
import { ONE_QUERY, OURS, twin } from "./workers.mjs";
import { World } from "./world.mjs";

/** @typedef {"twin" | "cachingTwin" | "floor"} Rival */
/** @typedef {import("./world.mjs").Request} Request */

/** How a row is named that compares with it. @type {Record<Rival, (name: string) => string>} */
export const NAMED = {
  twin: (name) => name,
  cachingTwin: (name) => `${name}; the twin caches verdicts`,
  floor: (name) => `${name}; the floor: one D1 query`,
};

/** @param {Rival | "ours"} which @param {import("./world.mjs").Surroundings} surroundings */
export async function worldOf(which, surroundings) {
  if (which === "ours") return World.create(OURS, surroundings);
  if (which === "floor") return World.create(ONE_QUERY, surroundings);
  return World.create(await twin(), surroundings, which === "cachingTwin" ? { SIGNATURE_CACHE: "on" } : {});
}

/** @type {Request} */
const ROOT = { method: "GET", path: "/", status: 200 };

/** What it is asked instead of our Worker. @param {Rival | "ours"} which @param {Request} request @returns {Request} */
export const askedOf = (which, request) => (which === "floor" ? ROOT : request);

/** The second time it may answer from what it keeps. */
const TIMES = 2;

/**
 * A twin that left something out would be no measure.
 * @param {World} ours @param {World} other @param {(Request & {name: string})[]} requests
 */
export async function compareAnswers(ours, other, requests) {
  for (const request of requests) {
    for (let time = 0; time < TIMES; time += 1) await compareAnswer(ours, other, request, time);
  }
}

/** @param {World} ours @param {World} other @param {Request & {name: string}} request @param {number} time which turn is taken */
async function compareAnswer(ours, other, { name, turns, ...given }, time) {
  const request = { ...given, ...(turns && { turns: turns.slice(time, time + 1) }) };
  const [mine, others] = [(await ours.call(request)).json, (await other.call(request)).json];
  for (const json of [mine, others]) {
    delete json.requestId;
    // New in every answer.
    if (json.user_key) json.user_key = json.user_key.length;
    // Which of the others' e-mails are shown is left to each.
    if (json.remote) json.remote.sampleEmails = json.remote.sampleEmails.length;
  }
  const [a, b] = [JSON.stringify(mine), JSON.stringify(others)];
  if (a !== b) throw new Failure(`The twin answers otherwise: ${name}`, { tail: `ours: ${a}\ntwin: ${b}` });
}
