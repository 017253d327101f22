// Who is signed in. The cookie is out of reach of scripts; the service tells.

import { computed, signal } from "@preact/signals";
import type { OwnSession, Role } from "../contract";
import { fromAnswer } from "../lib/failure";
import { answered, lastAnswer, unanswered } from "./connection";

export type Session =
  | { kind: "unknown" }
  | { kind: "signed_in"; session: OwnSession }
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
    session.value = { kind: "signed_in", session: body as OwnSession };
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
  if (done) {
    session.value = { kind: "signed_out", ended: false };
    // Who signs in next begins at the beginning, not with the last one's user.
    location.hash = "#/";
  }
  return done;
}

/** Without a request for so long, the service ends a session. */
const IDLE_MS = 60 * 60_000;

/** Longer ones are not taken back. */
const LONGEST_HASH = 1024;

/** Where to sign in so as to come back to this very address. */
export function signInAddress(maxAgeS?: number): string {
  const { hash: present } = location;
  const wanted = present.startsWith("#/") && !present.startsWith("#/no-access") && present.length <= LONGEST_HASH;
  const hash = wanted ? present : "#/";
  const query = new URLSearchParams({ return: hash });
  if (maxAgeS !== undefined) query.set("maxAge", String(maxAgeS));
  return `/console/auth/login?${query}`;
}

/** The service takes note of a use every five minutes. */
const NOTED_EVERY_MS = 5 * 60_000;

// An abandoned page stops showing data when its session has ended, not at the next click.
setInterval(() => {
  if (session.value.kind !== "signed_in") return;
  const { endsAt } = session.value.session;
  const idle = Date.now() - (lastAnswer?.getTime() ?? 0);
  if (Date.now() > Date.parse(endsAt) || idle > IDLE_MS + NOTED_EVERY_MS) void readSession();
}, 60_000);

// A page from the back/forward cache may be another's by now.
addEventListener("pageshow", (event) => {
  if (event.persisted) void readSession();
});
