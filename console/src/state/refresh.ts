// The key `r`: everything on the page is read again.

import { signal } from "@preact/signals";

export const refreshes = signal(0);

export function refreshAll(): void {
  refreshes.value += 1;
}
