// What an act on many users is called, and what a pasted text names.

import { showMany } from "../../lib/number";
import type { BulkAct } from "./BulkBar";

interface ActText {
  title: string;
  /** Of the button, in front of the number of users. */
  verb: string;
  /** What it does to each. */
  effect: string;
}

export const ACT_TEXTS: Record<BulkAct, ActText> = {
  provision: {
    title: "Provision many users",
    verb: "Provision",
    effect: "One attempt at once for each, whenever it is due. Lifts no quarantine.",
  },
  reset: { title: "Reset many users", verb: "Reset", effect: "" },
  offboard: {
    title: "Off-board many users",
    verb: "Erase",
    effect: "Erases what is stored about each of them, here and at 3dEye. This cannot be undone.",
  },
};

export const buttonOf = (act: BulkAct, count: number): string => `${ACT_TEXTS[act].verb} ${showMany(count, "user")}`;

/** The ids and e-mails in a pasted text: one a line, or with blanks, commas or semicolons between. */
export function entriesIn(text: string): string[] {
  const entries = text.split(/[\s,;]+/).map((entry) => entry.replace(/^[<("']+|[>)"']+$/g, ""));
  return [...new Set(entries.filter((entry) => entry !== ""))];
}
