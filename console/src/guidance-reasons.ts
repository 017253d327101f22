// Why a user could not be provisioned: every reason that the service gives.

import type { Reason } from "./contract";
import type { Guidance } from "./guidance";

const AGAIN = "It is tried again by itself.";
const ENGINEERS = "Tell the service’s engineers.";
const OUTAGE = "Concerns 3dEye as a whole, not this user. It is tried again within 15 minutes.";

export const reasons: Record<Reason, Guidance> = {
  orphan: {
    means: "The e-mail has an account at 3dEye outside our customer.",
    effect: "Nothing is tried any more.",
    doThis: "Have the vendor move or remove that account, then reset the user. A changed e-mail lifts it by itself.",
  },
  other_spelling: {
    means: "An account of our customer has the e-mail in another spelling: other letters, an umlaut written otherwise, a space.",
    effect: "Nothing is tried any more.",
    doThis:
      "“Check at 3dEye” shows the account. Find out whose it is, then write the e-mail in one way, in our data or at 3dEye.",
  },
  duplicate: {
    means: "Another user holds the same e-mail.",
    effect: "This user is set aside until the other gives up the e-mail.",
    doThis: "Open the other user, and correct the e-mail of one of the two.",
  },
  protected: {
    means: "The account with this e-mail is protected: the service’s own login, a listed one, or one of staff.",
    effect: "It is never deleted or replaced.",
    doThis: "Give the user another e-mail, or have the account removed at 3dEye by hand.",
  },
  take_over_unproved: {
    means: "An account with this e-mail existed before, and nothing proves it to be this person’s.",
    effect: "The login is not given out.",
    doThis:
      "Have the person verify the e-mail and sign in again. If you have made sure whose it is, reset with “Replace the account, keep cameras”.",
  },
  foreign_mapping: {
    means: "The account with this e-mail is recorded for another of our users.",
    effect: "It is left alone. It is tried again, with growing waits.",
    doThis: "Find the other user by the e-mail, and correct one of the two.",
  },
  unproved: {
    means: "3dEye would not say whether the stored password is right.",
    effect: AGAIN,
    doThis: "Wait. If it stays for an hour, reset with “Replace the account, keep cameras”.",
  },
  made_for_another_email: {
    means: "An account for an earlier e-mail of this user still has to be seen to.",
    effect: "No further account is made until then.",
    doThis: "Reset with “Replace the account, keep cameras”.",
  },
  not_visible_yet: {
    means: "The account was created, but 3dEye’s list does not show it yet.",
    effect: AGAIN,
    doThis: "Wait some minutes.",
  },
  still_taken: {
    means: "3dEye still holds the e-mail for an account that was deleted or let go of lately.",
    effect: `${AGAIN} 3dEye needs up to 15 minutes.`,
    doThis: "Wait a quarter of an hour.",
  },
  settling: {
    means: "An earlier call to 3dEye may still take effect.",
    effect: AGAIN,
    doThis: "Try again in a minute.",
  },
  list_incomplete: {
    means: "3dEye’s list of our users could not be read to its end.",
    effect: AGAIN,
    doThis: "Nothing, if it passes. If many users have it, tell the engineers: the size of a page may have to be raised.",
  },
  roles_pending: {
    means: "The account is ready, but a saved camera role could not be attached.",
    effect: "The login works; that camera is missing. Attaching is tried again by itself.",
    doThis: "If the role is gone at 3dEye for good, reset with “Replace the account, keep cameras”.",
  },
  unsealable: {
    means: "The stored password was sealed with a key that the service does not have any more.",
    effect: "The login cannot be given out.",
    doThis:
      "Reset with “Replace the account, keep cameras”. If many users have it, tell the engineers first: the key may be brought back.",
  },
  leaving: {
    means: "The id belonged to a deleted user whose account is not removed yet.",
    effect: "Nothing is created until a run has removed it.",
    doThis: "Wait for the next run, restore the earlier e-mail, or reset with “Replace the account”.",
  },
  out_of_time: {
    means: "It did not finish in the time allowed.",
    effect: AGAIN,
    doThis: "Try again. If it stays, 3dEye is slow: look at the other users.",
  },
  not_configured: {
    means: "3dEye is not configured in this service.",
    effect: "No user is provisioned.",
    doThis: ENGINEERS,
    link: { text: "System shows which settings are missing", href: "#/system" },
  },
  unauthorized: {
    means: "3dEye refused the service’s own credentials.",
    effect: OUTAGE,
    doThis: `${ENGINEERS} The login or key of 3dEye may have been changed.`,
  },
  email_taken: {
    means: "3dEye says that the e-mail is taken, and by whom is not settled yet.",
    effect: AGAIN,
    doThis: "Wait for the next attempt: then it is adopted, replaced, or called an orphan.",
  },
  not_found: {
    means: "3dEye did not find what was asked for.",
    effect: AGAIN,
    doThis: "“Check at 3dEye” shows what is there. Reset if the account is gone.",
  },
  rate_limited: {
    means: "3dEye limits how often the service may call.",
    effect: OUTAGE,
    doThis: "Wait. Start no further runs meanwhile.",
  },
  unavailable: { means: "3dEye is unavailable.", effect: OUTAGE, doThis: "Wait. If it goes on for an hour, ask the vendor." },
  answer_lost: {
    means: "3dEye’s answer was lost: the call may have worked or not.",
    effect: "The list is read again first, so nothing is made twice.",
    doThis: "Wait a minute.",
  },
  rejected: {
    means: "3dEye refused the request.",
    effect: `${AGAIN} The waits grow up to a day.`,
    doThis: "Check that the e-mail is a usable one. Else tell the engineers the request id.",
  },
  empty_list: {
    means: "3dEye’s list came empty, although our customer is known to have accounts.",
    effect: "No user was touched. It is tried again.",
    doThis: "Nothing, if it passes. If it stays, tell the engineers: the customer’s id may be wrong.",
  },
  unreadable_answer: {
    means: "3dEye’s answer could not be read.",
    effect: OUTAGE,
    doThis: `${ENGINEERS} 3dEye may have changed its answers.`,
  },
};
