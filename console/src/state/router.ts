// The address of the page: a signal, moved by links.

import { signal } from "@preact/signals";
import { type Address, addressOf, type Filters, href, parseHash } from "../lib/route";

export const address = signal<Address>(arrived());

addEventListener("hashchange", () => {
  address.value = arrived();
});

/** Where a link has led, whose address loses what none may hold. */
function arrived(): Address {
  const at = parseHash(location.hash);
  if (at.refused.size > 0) replace(at);
  return at;
}

function replace({ path, filters }: Address): void {
  history.replaceState(null, "", href(path, Object.fromEntries(filters)));
}

export function navigate(path: readonly string[], filters?: Filters): void {
  location.hash = href(path, filters);
}

/** Changes filters of the present page, without a new entry in the history. */
export function setFilters(changes: Filters): void {
  const { path, filters, refused } = address.value;
  address.value = addressOf(path, { ...Object.fromEntries([...filters, ...refused]), ...changes });
  replace(address.value);
}

/** The text of a filter, as it was typed or came with a link. */
export const filterText = (name: string): string => {
  const { filters, refused } = address.value;
  return refused.get(name) ?? filters.get(name) ?? "";
};

/** Whether a filter was refused: then nothing is listed, rather than all without it. */
export const isRefused = (): boolean => address.value.refused.size > 0;

export { type Filters, href } from "../lib/route";
