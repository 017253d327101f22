// Reading on a timer: not while the tab is hidden or its user away, and more slowly while it fails.

import type { Failure } from "../lib/failure";

/** Failures in a row that the timer shrugs off, and what it does then. */
const PATIENT_FAILURES = 5;
const BACK_OFF_MS = 5_000;
const LONGEST_BACK_OFF_MS = 60_000;

/** Without a key or a click for so long, an open page must not keep the session alive. */
const AWAY_MS = 20 * 60_000;

let lastInput = Date.now();
for (const event of ["keydown", "pointerdown", "pointermove"]) {
  addEventListener(event, () => (lastInput = Date.now()), { passive: true, capture: true });
}

const isAway = () => document.hidden || Date.now() - lastInput > AWAY_MS;

export interface Poller {
  /** Reads at once; if a read is under way, once more after it, as it may have missed the latest change. */
  now(): void;
  stop(): void;
}

/**
 * Reads, then again after `every()` milliseconds; null: not by itself any more.
 * `read` resolves to the failure, if it failed, and is not called while it is under way.
 */
export function poll(read: () => Promise<Failure | undefined>, every: () => number | null): Poller {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let running = false;
  let again = false;
  let held = false;
  let stopped = false;

  const run = async () => {
    clearTimeout(timer);
    held = false;
    if (running) {
      again = true;
      return;
    }
    running = true;
    const failure = await read();
    running = false;
    if (stopped) return;
    failures = failure ? failures + 1 : 0;
    if (again) {
      again = false;
      void run();
      return;
    }
    const usual = every();
    if (usual === null) return;
    const backOff = BACK_OFF_MS * 2 ** (failures - PATIENT_FAILURES - 1);
    const slower = failures > PATIENT_FAILURES ? Math.min(LONGEST_BACK_OFF_MS, backOff) : 0;
    const told = (failure?.retryAt?.getTime() ?? 0) - Date.now();
    timer = setTimeout(due, Math.max(usual, slower, told));
  };

  const due = () => {
    held = isAway();
    if (!held) void run();
  };
  const back = () => {
    if (held && !isAway()) void run();
  };

  document.addEventListener("visibilitychange", back);
  for (const event of ["keydown", "pointerdown"]) addEventListener(event, back);
  void run();
  return {
    now: () => void run(),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", back);
      for (const event of ["keydown", "pointerdown"]) removeEventListener(event, back);
    },
  };
}
