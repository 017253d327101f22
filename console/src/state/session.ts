// Who is signed in. The cookie is out of reach of scripts; the service tells.

import { computed, signal } from "@preact/signals";
import type { ConsoleSession, Role } from "../contract";
import { fromAnswer } from "../lib/failure";
import { answered, unanswered } from "./connection";

export type Session =
  | { kind: "unknown" }
  | { kind: "signed_in"; session: ConsoleSession }
  /** `ended`: there was one while this page was open. */
  | { kind: "signed_out"; ended: boolean }
  /** Sign-in cannot be offered, and the service says why. */
  | { kind: "unavailable"; message: string }
  | { kind: "unreachable" };

export const session = signal<Session>({ kind: "unknown" });

export const operator = computed(() => (session.value.kind === "signed_in" ? session.value.session.operator : null));

const RANK: Record<Role, number> = { viewer: 0, support: 1, admin: 2 };

/** Whether the operator's role reaches. The service decides; this only hides what it would refuse. */
export function may(least: Role): boolean {
  return operator.value !== null && RANK[operator.value.role] >= RANK[least];
}

export async function readSession(): Promise<void> {
  let response: Response;
  try {
    response = await fetch("/console/session", { cache: "no-store", credentials: "same-origin" });
  } catch {
    unanswered();
    // What is on the screen stays; a page that has nothing yet says so.
    if (session.value.kind === "unknown") session.value = { kind: "unreachable" };
    return;
  }
  answered();
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) {
    session.value = { kind: "signed_in", session: body as ConsoleSession };
  } else if (response.status === 401) {
    sessionEnded();
  } else {
    session.value = { kind: "unavailable", message: fromAnswer("GET", response, body, new Date()).message };
  }
}

export function sessionEnded(): void {
  if (session.value.kind === "signed_out") return;
  session.value = { kind: "signed_out", ended: session.value.kind === "signed_in" };
}

/** Ends the session here and at the service. Resolves to whether the service confirmed it. */
export async function signOut(): Promise<boolean> {
  let done = false;
  try {
    const response = await fetch("/console/session/end", { method: "POST", credentials: "same-origin" });
    done = response.ok || response.status === 401;
  } catch {
    unanswered();
  }
  if (done) session.value = { kind: "signed_out", ended: false };
  return done;
}

/** Where to sign in so as to come back to this very address. */
export function signInAddress(maxAgeS?: number): string {
  const hash = /^#\//.test(location.hash) && !location.hash.startsWith("#/no-access") ? location.hash : "#/";
  const query = new URLSearchParams({ return: hash });
  if (maxAgeS !== undefined) query.set("maxAge", String(maxAgeS));
  return `/console/auth/login?${query}`;
}

// A page from the back/forward cache may be another's by now.
addEventListener("pageshow", (event) => {
  if (event.persisted) void readSession();
});
