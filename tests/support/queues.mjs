/** Two Workers with queues for a test file: one that its queue serves, and one that is handed its messages by the test. */

import { beforeEach } from "node:test";

import { servicesForThisFile } from "./service.mjs";

export const RUN_IDLE_MS = 30 * 60_000;

/**
 * Starts both: the settings of their queues are those of wrangler.toml, the waits are shorter. Where a wait itself is the
 * point, messages are handed `byHand`, past the queue, and its answer to each of them is looked at.
 */
export async function queueServicesForThisFile() {
  const { service, byHand } = await servicesForThisFile({
    service: {
      queue: true,
      instrumented: true,
      vars: { THREEDEYE_TIMEOUT_MS: "1000", BACKFILL_CRON_LIMIT: "60", BACKFILL_MAX_TAKEOVERS: "2" },
    },
    // Its queue loses everything, so that it does not interfere with what a test hands over.
    byHand: { queue: true, instrumented: true, vars: { THREEDEYE_TIMEOUT_MS: "1000", BACKFILL_MAX_TAKEOVERS: "2" } },
  });
  beforeEach(async () => {
    const usual = { aheadMs: 0, sparedRoundTrips: null, breakdowns: 0 };
    await service.instruments({ ...usual, queueIs: "keeps" });
    await byHand.instruments({ ...usual, queueIs: "loses" });
  });
  /** Adds so many users. @param {number} count */
  const many = (count, of = service) => of.addUsers(Array.from({ length: count }, () => ({})));
  return { service, byHand, many };
}

/** @param {string} runId */
export const chunk = (runId, number = 1) => ({ runId, chunk: number });

/** How far a run is, in short. @param {Record<string, any>} given */
export const figures = ({ status, planned, done, failed, skipped, quarantined, chunks }) => ({
  status,
  planned,
  done,
  failed,
  skipped,
  quarantined,
  chunks: `${chunks.closed}/${chunks.planned}`,
});
