import type { ComponentChildren } from "preact";
import { setFilters } from "../state/router";

interface FilterNoteProps {
  /** The filter's name in the address. */
  name: string;
  /** Lifts the filter: "Show all keys". */
  all: string;
  children: ComponentChildren;
}

/** A filter that a link has set, in words, with the way out of it. */
export function FilterNote({ name, all, children }: FilterNoteProps) {
  return (
    <p class="row">
      {children}
      <button type="button" class="plain" onClick={() => setFilters({ [name]: null })}>
        {all}
      </button>
    </p>
  );
}
