// What was typed into "Find a user". Kept in memory alone: it may be an e-mail or a phone number,
// and those are never part of an address or a storage.

import { signal } from "@preact/signals";
import { identifierIn } from "../lib/find";
import { navigate } from "./router";

/** null: nothing is searched; the page Users lists. */
export const searched = signal<string | null>(null);

/** Every search counts, the same text again too. */
export const searches = signal(0);

export function endSearch(): void {
  searched.value = null;
}

export function search(text: string): void {
  const query = identifierIn(text);
  searched.value = query === "" ? null : query;
  searches.value += 1;
  navigate(["users"]);
}
