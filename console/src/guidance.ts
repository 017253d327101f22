// What every word of the service means, what it does, and what to do about it. The types are those
// of openapi.json: a word without an entry does not compile. docs/OPERATIONS.md has the longer text.

import type { Health, NextAct, Reason, State } from "./contract";
import { reasons } from "./guidance-reasons";

export interface Guidance {
  means: string;
  effect: string;
  doThis: string;
  link?: { text: string; href: string };
}

const NOTHING = "Nothing.";

const state: Record<State, Guidance> = {
  none: {
    means: "The user has no e-mail for which an account could be made, and nothing is recorded.",
    effect: "Nothing is done. People with a phone number alone have no account at 3dEye.",
    doThis: "Nothing. Once there is an e-mail, the next run takes the user up.",
  },
  waiting: {
    means: "The user has an e-mail and no finished account at 3dEye yet.",
    effect: "The next run takes the user up.",
    doThis: "Wait for the next run, or provision the user now.",
  },
  pending: {
    means: "A first attempt was begun and has not succeeded yet. The account may exist or not.",
    effect: "It is tried again by itself, with growing waits: up to a day, 15 minutes if 3dEye as a whole fails.",
    doThis: "Look at the reason. Mend its cause, then provision the user now, or wait.",
  },
  attaching: {
    means: "The account is there and the login works, but a saved camera role could not be attached.",
    effect: "The person can sign in but does not see that camera. Attaching is tried again by itself.",
    doThis: "If the role is gone at 3dEye for good, reset with “Replace the account, keep cameras”: the present roles are kept.",
  },
  complete: {
    means: "The account at 3dEye is there, with its cameras.",
    effect: "The app signs in with it.",
    doThis: NOTHING,
  },
  quarantined: {
    means: "The e-mail is taken at 3dEye by an account that we cannot use.",
    effect: "Nothing is tried any more. The person has no cameras in the app.",
    doThis: "Follow the reason. A changed e-mail lifts the quarantine by itself; otherwise reset the user.",
  },
  set_aside: {
    means: "Another user has the same e-mail, once spaces and case are ignored.",
    effect: "Only the other one has an account. This user waits until the e-mail is free.",
    doThis: "Look at both users and correct the e-mail of one of them.",
  },
  leaving: {
    means: "The user was deleted. The account at 3dEye is still to be removed.",
    effect: "A run removes the account; until then the e-mail is not free.",
    doThis: "Nothing, if the deletion was meant. Else have the user restored with the same e-mail before that run.",
  },
  left_in_place: {
    means: "The user was deleted, but the account at 3dEye is a protected one.",
    effect: "The account stays until it is decided.",
    doThis: "Have an admin decide about the account at 3dEye.",
  },
};

const nextAct: Record<NextAct, Guidance> = {
  none: { means: "There is nothing left to do.", effect: "The user is finished.", doThis: NOTHING },
  wait: {
    means: "It waits for a time, or for another actor that works on this user.",
    effect: "It goes on by itself.",
    doThis: "Wait, or provision the user now.",
  },
  create: {
    means: "The account will be created, or adopted if it exists.",
    effect: "The next run does it.",
    doThis: "Wait for the next run, or provision the user now.",
  },
  attach_roles: {
    means: "Saved camera roles will be attached to the account.",
    effect: "The next run does it.",
    doThis: "Wait for the next run, or provision the user now.",
  },
  remove: {
    means: "The account of the deleted user will be removed at 3dEye.",
    effect: "A run does it, once the time that a deletion can be undone in has passed.",
    doThis: "Nothing, if the deletion was meant.",
  },
  needs_support: {
    means: "It does not go on by itself.",
    effect: "The user stays as it is until support acts.",
    doThis: "Follow the reason below, then reset the user.",
  },
  needs_data: {
    means: "The user's data is not enough: there is no usable e-mail, or another user has it.",
    effect: "The user is not taken up.",
    doThis: "Correct the e-mail where it is kept. It goes on by itself then.",
  },
};

type Checks = Health["checks"];

interface HealthWords {
  configuration: Record<Checks["configuration"]["status"], Guidance>;
  database: Record<Checks["database"], Guidance>;
  migrations: Record<Checks["migrations"], Guidance>;
  scheduledRun: Record<Checks["scheduledRun"], Guidance>;
}

const health: HealthWords = {
  configuration: {
    ok: { means: "All settings can be used.", effect: "None.", doThis: NOTHING },
    invalid: {
      means: "A setting is missing or cannot be read.",
      effect: "What depends on it is refused.",
      doThis: "Tell the service’s engineers the settings named here.",
      link: { text: "System shows which are set", href: "#/system" },
    },
  },
  database: {
    ok: { means: "The database answers.", effect: "None.", doThis: NOTHING },
    missing: {
      means: "The database is not bound to the service.",
      effect: "Nothing works.",
      doThis: "Tell the service’s engineers: the binding DB is missing.",
    },
    unreachable: {
      means: "The database does not answer.",
      effect: "Requests fail until it does. Nothing is lost.",
      doThis: "Wait a minute. If it stays, look at Cloudflare’s status and tell the engineers.",
    },
  },
  migrations: {
    ok: { means: "The database has the schema of this version.", effect: "None.", doThis: NOTHING },
    outdated: {
      means: "The schema is of another version than the service.",
      effect: "Some requests may fail. Usual for a moment while a version is deployed.",
      doThis: "If no deployment is under way, tell the engineers.",
      link: { text: "Versions are under System", href: "#/system" },
    },
    missing: {
      means: "The database is empty.",
      effect: "Nothing works.",
      doThis: "Tell the engineers: the migrations were not applied.",
    },
    unknown: { means: "The database did not say.", effect: "See Database.", doThis: "Mend the database first." },
  },
  scheduledRun: {
    ok: { means: "The last scheduled run went to its end.", effect: "Users are taken up every 15 minutes.", doThis: NOTHING },
    running: { means: "A scheduled run is at work.", effect: "Waiting users are being taken up.", doThis: NOTHING },
    none_yet: { means: "No scheduled run has begun yet.", effect: "The first one comes within 15 minutes.", doThis: NOTHING },
    paused: {
      means: "An admin has paused all provisioning.",
      effect: "New users wait. What people ask for themselves still works.",
      doThis: "Nothing, if it is meant. An admin ends the pause.",
      link: { text: "System", href: "#/system" },
    },
    not_configured: {
      means: "3dEye is not configured, so no run is begun.",
      effect: "No user is provisioned.",
      doThis: "If it should be, tell the engineers: the settings of 3dEye are missing.",
    },
    overdue: {
      means: "No scheduled run has begun for 45 minutes.",
      effect: "New users wait.",
      doThis: "Tell the engineers to look at the cron trigger. Start a run by hand meanwhile.",
      link: { text: "Runs", href: "#/runs" },
    },
    failing: {
      means: "The last scheduled run ended early: 3dEye was down, refused us, or limited our rate.",
      effect: "What was not done is due again. Nothing is lost.",
      doThis: "Read the errors of the last run. If it goes on for an hour, ask the vendor.",
      link: { text: "Runs", href: "#/runs" },
    },
    died: {
      means: "The last scheduled run did not end in its time.",
      effect: "Nothing is lost: its users are due again.",
      doThis: "If the next run dies too, tell the engineers to look at the queue and its consumer.",
      link: { text: "Runs", href: "#/runs" },
    },
    unknown: { means: "The database did not say.", effect: "See Database.", doThis: "Mend the database first." },
  },
};

export const isReason = (text: string): text is Reason => Object.hasOwn(reasons, text);

/** Of a reason that is older than this page, or newer, nothing is known. */
export const ofReason = (reason: string): Guidance | undefined => (isReason(reason) ? reasons[reason] : undefined);

export const guidance = { state, reason: reasons, nextAct, health };
