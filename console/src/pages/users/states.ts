// The lists of users by where they stand.

import type { State } from "../../contract";
import { guidance } from "../../guidance";

/** Those who failed are pending or attaching. */
export type ListState = Exclude<State, "none" | "pending" | "complete"> | "failing";

export const LIST_STATES: readonly ListState[] = [
  "waiting",
  "failing",
  "attaching",
  "quarantined",
  "set_aside",
  "leaving",
  "left_in_place",
];

/** What the users of the list have in common. */
export function leadOf(state: ListState): string {
  if (state === "failing") return "The last attempt failed. It is made again by itself, with growing waits.";
  const { means, effect } = guidance.state[state];
  return `${means} ${effect}`;
}

export const isListState = (text: string | null): text is ListState => LIST_STATES.includes(text as ListState);
