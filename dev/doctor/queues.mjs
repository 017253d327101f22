// The queues of wrangler.toml: are they there, does this Worker consume them, do they deliver?

import { unread } from "./account.mjs";
import { consumersOf, needsDeploying, producerOf } from "./deployment.mjs";
import { ok, problem, warning } from "./finding.mjs";

/**
 * @typedef {import("./finding.mjs").Finding} Finding
 * @typedef {import("./cloudflare.mjs").Cloudflare} Cloudflare
 * @typedef {import("./deployment.mjs").Deployment} Deployment
 */

/** @param {Cloudflare} api @param {string} account @param {Deployment} deployment @returns {Promise<Finding[]>} */
export async function checkQueues(api, account, deployment) {
  const consumers = consumersOf(deployment.config);
  const producer = producerOf(deployment.config);
  const wanted = [producer?.queue, ...consumers.flatMap((one) => [one.queue, one.dead_letter_queue])];
  const names = [...new Set(wanted.filter(Boolean))];
  if (names.length === 0) return [];
  const answer = await api.list(`/accounts/${account}/queues`);
  if (!answer.ok) return [unread("queues.exist", "the queues", answer, "queues", deployment)];
  const queues = new Map(answer.result.map((/** @type {any} */ one) => [one.queue_name, one]));
  const missing = names.filter((name) => !queues.has(name));
  const existence = missing.map((name) =>
    problem("queues.exist", `there is no queue ${name}`, `npx wrangler queues create ${name}`),
  );
  const there = consumers.filter(({ queue }) => queues.has(queue));
  return [
    ...(missing.length === 0 ? [ok("queues.exist", names.join(", "))] : existence),
    ...there.map((consumer) => checkConsumer(consumer, queues.get(consumer.queue), deployment)),
    ...names.filter((name) => queues.get(name)?.settings?.delivery_paused).map(paused),
  ];
}

/** @param {any} wanted @param {any} queue @param {Deployment} deployment @returns {Finding} */
function checkConsumer(wanted, queue, deployment) {
  const check = "queues.consumers";
  const consumers = queue.consumers ?? [];
  // Its name has been `script`, `script_name` and `service`.
  const own = consumers.find((/** @type {any} */ one) => [one.script, one.script_name, one.service].includes(deployment.name));
  if (!own && consumers.length > 0) {
    const [other] = consumers;
    const name = other.script ?? other.script_name ?? other.service;
    if (!name)
      return problem(check, `${wanted.queue} is consumed by HTTP`, `npx wrangler queues consumer http remove ${wanted.queue}`);
    return problem(
      check,
      `${wanted.queue} is consumed by ${name}`,
      `npx wrangler queues consumer worker remove ${wanted.queue} ${name}`,
    );
  }
  if (!own) return needsDeploying(check, `the Worker does not consume ${wanted.queue} yet`, deployment);
  if (wanted.dead_letter_queue && own.dead_letter_queue !== wanted.dead_letter_queue) {
    const seen = `dead letters of ${wanted.queue} go to ${own.dead_letter_queue || "nowhere"}, not to ${wanted.dead_letter_queue}`;
    return needsDeploying(check, seen, deployment);
  }
  return ok(check, `the Worker consumes ${wanted.queue}`);
}

/** @param {string} name @returns {Finding} */
const paused = (name) =>
  warning("queues.delivery", `the delivery of ${name} is paused`, `npx wrangler queues resume-delivery ${name}`);
