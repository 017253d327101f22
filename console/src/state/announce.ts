// What a screen reader is told without the focus moving.

import { signal } from "@preact/signals";

export const announcement = signal("");

/** Said once, politely. Use it for what the eye sees anyway: an end, a quarter of a run. */
export function announce(text: string): void {
  // The same text twice would not be a change, and would not be said.
  announcement.value = announcement.value === text ? `${text}\u00a0` : text;
}
