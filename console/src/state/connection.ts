// Whether the service can be reached. While it cannot, acts are off and a probe looks for its return.

import { signal } from "@preact/signals";

const LONGEST_WAIT_S = 30;
const PROBE_LIMIT_MS = 10_000;

export interface Lost {
  /** When something was last read. */
  dataOf: Date | null;
  nextTry: Date;
}

/** null: the service answers. */
export const lost = signal<Lost | null>(null);
/** Grows when the connection is back: everything visible is then read again. */
export const returns = signal(0);

/** When the service last answered anything. */
export let lastAnswer: Date | null = null;
let wait = 1;
let timer: ReturnType<typeof setTimeout> | undefined;

export function answered(): void {
  lastAnswer = new Date();
  if (lost.value === null) return;
  lost.value = null;
  wait = 1;
  clearTimeout(timer);
  returns.value += 1;
}

export function unanswered(): void {
  if (lost.value !== null) return;
  wait = 1;
  plan();
}

/** Tries at once. */
export async function tryNow(): Promise<void> {
  clearTimeout(timer);
  try {
    // Any answer will do; this one needs no session and tells nothing.
    await fetch("/console/session", { cache: "no-store", signal: AbortSignal.timeout(PROBE_LIMIT_MS) });
    answered();
  } catch {
    plan();
  }
}

function plan(): void {
  lost.value = { dataOf: lastAnswer, nextTry: new Date(Date.now() + wait * 1000) };
  clearTimeout(timer);
  timer = setTimeout(() => (document.hidden ? plan() : void tryNow()), wait * 1000);
  wait = Math.min(LONGEST_WAIT_S, wait * 2);
}

addEventListener("offline", unanswered);
addEventListener("online", () => {
  if (lost.value !== null) void tryNow();
});
