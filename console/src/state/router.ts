// The address of the page: a signal, moved by links.

import { signal } from "@preact/signals";
import { type Address, type Filters, href, parseHash } from "../lib/route";

export const address = signal<Address>(parseHash(location.hash));

addEventListener("hashchange", () => {
  address.value = parseHash(location.hash);
});

export function navigate(path: readonly string[], filters?: Filters): void {
  location.hash = href(path, filters);
}

/** Changes filters of the present page, without a new entry in the history. */
export function setFilters(changes: Filters): void {
  const { path, filters } = address.value;
  history.replaceState(null, "", href(path, { ...Object.fromEntries(filters), ...changes }));
  address.value = parseHash(location.hash);
}

export { type Filters, href } from "../lib/route";
