// The lists of users by where they stand.

import type { State } from "../../contract";
import { guidance } from "../../guidance";

/** Those who failed are pending or attaching; those locked out are in any state. */
export type ListState = Exclude<State, "none" | "pending" | "complete"> | "failing" | "locked_out";

export const LIST_STATES: readonly ListState[] = [
  "waiting",
  "failing",
  "attaching",
  "quarantined",
  "set_aside",
  "leaving",
  "left_in_place",
  "locked_out",
];

/** What the users of the list have in common. */
export function leadOf(state: ListState): string {
  if (state === "failing") return "The last attempt failed. It is made again by itself, with growing waits.";
  if (state === "locked_out") return "Too many wrong codes: the second factor is locked.";
  const { means, effect } = guidance.state[state];
  return `${means} ${effect}`;
}

/** Those of them who failed, and so can be told apart by why. */
export const hasFailures = (state: ListState | "") => state !== "waiting" && state !== "locked_out";

export const isListState = (text: string | null): text is ListState => LIST_STATES.includes(text as ListState);
