import type { ComponentChildren } from "preact";
import type { State } from "../contract";
import { guidance } from "../guidance";
import { words } from "../lib/words";

export type Tone = "good" | "bad" | "warn" | "busy" | "calm";

const TONES: Record<State, Tone> = {
  none: "calm",
  waiting: "calm",
  pending: "calm",
  attaching: "warn",
  complete: "good",
  quarantined: "bad",
  set_aside: "bad",
  leaving: "calm",
  left_in_place: "warn",
};

interface StateBadgeProps {
  /** null: nothing is recorded. */
  state: State | null;
  /** With it, what is pending is failing; without, it waits as others do. */
  lastError?: string | null;
}

/** A user's state: icon, word and colour. */
export function StateBadge(user: StateBadgeProps) {
  const { state } = user;
  if (state === null) return <Badge tone="calm">Not begun</Badge>;
  return (
    <Badge tone={isFailing(user) ? "warn" : TONES[state]} title={guidance.state[state].means}>
      {stateWord({ ...user, state })}
    </Badge>
  );
}

const isFailing = ({ state, lastError = null }: StateBadgeProps) => state === "pending" && lastError !== null;

/** The state in a word. */
export function stateWord(user: StateBadgeProps & { state: State }): string {
  if (isFailing(user)) return "Failing";
  return user.state === "none" ? "No e-mail" : words(user.state === "pending" ? "waiting" : user.state);
}

interface BadgeProps {
  tone: Tone;
  title?: string;
  children: ComponentChildren;
}

export function Badge({ tone, title, children }: BadgeProps) {
  return (
    <span class={`badge ${tone}`} title={title}>
      <Glyph tone={tone} />
      {children}
    </span>
  );
}

const GLYPHS: Record<Tone, string> = {
  good: "m3 8.5 3.5 3.5L13 4.5",
  bad: "M8 3v6M8 12v1",
  warn: "M8 2 14.5 13.5h-13zM8 6.5v3M8 11.3v.6",
  busy: "M8 2a6 6 0 1 1-5.2 3M2.5 2v3.3h3.3",
  calm: "M8 4.5V8l2.5 1.5M8 2a6 6 0 1 0 .01 0",
};

export function Glyph({ tone }: { tone: Tone }) {
  return (
    <svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">
      <path d={GLYPHS[tone]} />
    </svg>
  );
}
