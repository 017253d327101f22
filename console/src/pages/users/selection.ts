// The users that are ticked in a list, until another list is shown.

import { signal } from "@preact/signals";

export const selected = signal<ReadonlySet<string>>(new Set());

export function tick(userId: string, on: boolean): void {
  const ids = new Set(selected.value);
  if (on) ids.add(userId);
  else ids.delete(userId);
  selected.value = ids;
}

export function tickNone(): void {
  selected.value = new Set();
}
