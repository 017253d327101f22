// What every word of the service means, what it does, and what to do about it. The types are those
// of openapi.json: a word without an entry does not compile. docs/OPERATIONS.md has the longer text.

import type { Health, Next, NextAct, Reason, State } from "./contract";
import { reasons } from "./guidance-reasons";

export interface Guidance {
  means: string;
  effect: string;
  doThis: string;
  link?: Link | undefined;
}

/** Its text, and where it leads. */
type Link = readonly [string, string];

/** The same without names, as there is much of it. */
export type Said = readonly [means: string, effect: string, doThis: string, link?: Link];

const NEXT_RUN = "Wait for the next run, or provision the user now.";

const states: Record<State, Said> = {
  none: [
    "The user has no e-mail for which an account could be made, and nothing is recorded.",
    "Nothing is done. People with a phone number alone have no account at 3dEye.",
    "Nothing, until there is an e-mail.",
  ],
  waiting: ["The user has an e-mail and no finished account at 3dEye yet.", "The next run makes the account.", NEXT_RUN],
  pending: [
    "No attempt has succeeded yet. The account may exist or not.",
    "It is tried again by itself, with growing waits: up to a day, 15 minutes if 3dEye as a whole fails.",
    "Mend the cause of the failure, then provision the user now, or wait.",
  ],
  attaching: [
    "The account is there and the login works, but a saved camera role could not be attached.",
    "The person can sign in but does not see that camera. Attaching is tried again by itself.",
    "If the role is gone at 3dEye for good, reset with “Replace the account, keep cameras”: the present roles are kept.",
  ],
  complete: ["The account at 3dEye is there, with its cameras.", "The app signs in with it.", "Nothing."],
  quarantined: [
    "The e-mail is taken at 3dEye by an account that we cannot use.",
    "Nothing is tried any more. The person has no cameras in the app.",
    "Follow the reason. A changed e-mail lifts the quarantine by itself; otherwise reset the user.",
  ],
  set_aside: [
    "Another user has the same e-mail, once spaces and case are ignored.",
    "This user waits until the e-mail is free.",
    "Look at both users and correct the e-mail of one of them.",
  ],
  leaving: [
    "The user was deleted. The account at 3dEye is still to be removed.",
    "A run removes the account; until then the e-mail is not free.",
    "If that was not meant, have the user restored with the same e-mail before that run.",
  ],
  left_in_place: [
    "The user was deleted, but the account at 3dEye is a protected one.",
    "The account stays until it is decided.",
    "Have an admin decide about the account at 3dEye.",
  ],
};

const nextAct: Record<NextAct, string> = {
  none: "There is nothing left to do.",
  wait: "It waits for a time, or for another actor that works on this user.",
  create: "The account will be created, or adopted if it exists.",
  attach_roles: "Saved camera roles will be attached to the account.",
  remove: "The account of the deleted user will be removed at 3dEye.",
  needs_support: "It does not go on by itself.",
  needs_data: "The user’s data is not enough: there is no usable e-mail, or another user has it.",
};

/** What happens next, in a sentence. */
export const nextOf = ({ act, at }: Pick<Next, "act" | "at">): string =>
  act === "needs_support" && at !== null
    ? "It is tried again by itself, but is likely to fail until its cause is mended."
    : nextAct[act];

/** What a check's word means, and what to do if it is none to be left alone. */
export type Finding = readonly [means: string, doThis?: string, link?: Link];

type Checks = Health["checks"];

interface HealthWords {
  configuration: Record<Checks["configuration"]["status"], Finding>;
  database: Record<Checks["database"], Finding>;
  migrations: Record<Checks["migrations"], Finding>;
  scheduledRun: Record<Checks["scheduledRun"], Finding>;
  rateLimits: Record<"ok" | "missing", Finding>;
}

const RUNS: Link = ["Runs", "#/runs"];
const UNKNOWN: Finding = ["The database did not say.", "Mend the database first."];

const health: HealthWords = {
  configuration: {
    ok: ["All settings can be used."],
    invalid: [
      "A setting is missing or cannot be read.",
      "Tell the service’s engineers the settings named here.",
      ["System shows which are set", "#/system"],
    ],
  },
  database: {
    ok: ["The database answers."],
    missing: [
      "The database is not bound to the service: nothing works.",
      "Tell the service’s engineers: the binding DB is missing.",
    ],
    unreachable: [
      "The database does not answer. Requests fail until it does; nothing is lost.",
      "Wait a minute. If it stays, tell the engineers.",
    ],
  },
  migrations: {
    ok: ["The database has the schema of this version."],
    outdated: [
      "The schema is of another version than the service. Usual for a moment while a version is deployed.",
      "Else tell the engineers.",
      ["Versions are under System", "#/system"],
    ],
    missing: ["The database is empty: nothing works.", "Tell the engineers: the migrations were not applied."],
    unknown: UNKNOWN,
  },
  scheduledRun: {
    ok: ["The last scheduled run went to its end."],
    running: ["A scheduled run is at work."],
    none_yet: ["No scheduled run has begun since the service was set up or a pause ended. One comes within 15 minutes."],
    paused: [
      "An admin has paused all provisioning. New users wait; acts on one user still work.",
      "If that is not wanted any more, have an admin resume it.",
      ["System", "#/system"],
    ],
    not_configured: [
      "3dEye is not configured, so no run is begun.",
      "If it should be, tell the engineers: the settings of 3dEye are missing.",
    ],
    overdue: [
      "No scheduled run has begun for 45 minutes. New users wait.",
      "Tell the engineers. Start a run by hand meanwhile.",
      RUNS,
    ],
    failing: [
      "The last scheduled run ended early: 3dEye was down, refused us, or limited our rate. What was not done is due again.",
      "Read the errors of the last run. If it goes on for an hour, ask 3dEye’s support.",
      RUNS,
    ],
    died: [
      "The last scheduled run did not end in its time. Nothing is lost: its users are due again.",
      "If the next run dies too, tell the engineers.",
      RUNS,
    ],
    unknown: UNKNOWN,
  },
  rateLimits: {
    ok: ["All rate limits are bound."],
    missing: [
      "A rate limit is not bound, so what it counts is not limited.",
      "Tell the service’s engineers the names given here.",
      ["System shows all bindings", "#/system"],
    ],
  },
};

function named<Word extends string>(said: Record<Word, Said>): Record<Word, Guidance> {
  const entries = Object.entries<Said>(said).map(([word, [means, effect, doThis, link]]) => [
    word,
    { means, effect, doThis, link },
  ]);
  return Object.fromEntries(entries) as Record<Word, Guidance>;
}

export const guidance = { state: named(states), reason: named(reasons), health };

export const isReason = (text: string): text is Reason => Object.hasOwn(reasons, text);

/** Of a reason that is older than this page, or newer, nothing is known. */
export const ofReason = (reason: string): Guidance | undefined => (isReason(reason) ? guidance.reason[reason] : undefined);
