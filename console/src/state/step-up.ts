// Acts that take a recent sign-in: what was chosen in the dialog is kept over the way to the identity
// provider and back. Ids and ticks only; a reason, or any other text, is typed again.

import { signInAddress } from "./session";

const KEY = "spkey-console.step-up";
const RECENT_S = 900;
/** The sign-in itself is given ten minutes. */
const KEPT_MS = 15 * 60_000;

export type Draft = Readonly<Record<string, string | number | boolean | null | undefined>>;

interface Kept {
  dialog: string;
  at: number;
  draft: Draft;
}

/** Leaves for the identity provider. `dialog` is the name under which the dialog asks for its draft. */
export function stepUp(dialog: string, draft: Draft): void {
  // An e-mail that was typed where an id belongs is not kept either.
  const ids = Object.entries(draft).filter(([, value]) => !String(value).includes("@"));
  const kept: Kept = { dialog, at: Date.now(), draft: Object.fromEntries(ids) };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Without storage the dialog is opened by hand again.
  }
  location.assign(signInAddress(RECENT_S));
}

/** The draft that this dialog left, once. Dialogs about different users have different names. */
export function takeDraft(dialog: string): Draft | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Kept | null;
    if (kept === null || kept.dialog !== dialog) return null;
    sessionStorage.removeItem(KEY);
    return Date.now() - kept.at < KEPT_MS ? kept.draft : null;
  } catch {
    return null;
  }
}
