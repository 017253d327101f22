// Why a user could not be provisioned, in every word that the service has for it: what it means, what it does, what to do.

import type { Reason } from "./contract";
import type { Said } from "./guidance";

const STOPPED = "Nothing is tried any more.";
const AGAIN = "It is tried again by itself.";
const REPLACE = "reset with “Replace the account, keep cameras”";
const ENGINEERS = "Tell the service’s engineers.";
const OUTAGE = "Concerns 3dEye as a whole, not this user. It is tried again within 15 minutes.";
const ONE_OF_TWO = "correct the e-mail of one of the two.";

export const reasons: Record<Reason, Said> = {
  orphan: [
    "The e-mail has an account at 3dEye outside our customer: it is not SmartphoneKey’s.",
    STOPPED,
    "Send the e-mail to 3dEye’s support and have that account moved to our customer, or removed. Then reset the user. A changed e-mail lifts it by itself.",
  ],
  other_spelling: [
    "One of our accounts at 3dEye has the e-mail in another spelling, such as an umlaut written otherwise.",
    STOPPED,
    "“Check at 3dEye” shows the account. Find out whose it is, then correct the e-mail in our data or at 3dEye.",
  ],
  duplicate: [
    "Another user holds the same e-mail.",
    "This user is set aside until the other gives up the e-mail.",
    `Open the other user, and ${ONE_OF_TWO}`,
  ],
  protected: [
    "The account with this e-mail is protected: it is the service’s own, a listed one, or of staff.",
    "It is never deleted or replaced.",
    "Give the user another e-mail, or have the account removed at 3dEye by hand.",
  ],
  take_over_unproved: [
    "An account with this e-mail existed before, and nothing proves it to be this person’s.",
    "The login is not given out.",
    `Have the person verify the e-mail and sign in again. If you have made sure whose it is, ${REPLACE}.`,
  ],
  foreign_mapping: [
    "The account with this e-mail is recorded for another of our users.",
    "It is left alone. It is tried again, with growing waits.",
    `Find the other user by the e-mail, and ${ONE_OF_TWO}`,
  ],
  unproved: ["3dEye would not say whether the stored password is right.", AGAIN, `Wait. If it stays for an hour, ${REPLACE}.`],
  made_for_another_email: [
    "This user’s account for an earlier e-mail may still be there.",
    "No further account is made until then.",
    `To remove it, ${REPLACE}.`,
  ],
  not_visible_yet: ["The account was created, but 3dEye’s list does not show it yet.", AGAIN, "Wait some minutes."],
  still_taken: [
    "3dEye still holds the e-mail for an account that was deleted or let go of lately.",
    `${AGAIN} 3dEye needs up to 15 minutes.`,
    "Wait a quarter of an hour.",
  ],
  settling: ["An earlier call to 3dEye may still take effect.", AGAIN, "Try again in a minute."],
  list_incomplete: [
    "3dEye’s list of our users could not be read to its end.",
    AGAIN,
    "Wait. If many users have it, tell the engineers.",
  ],
  roles_pending: [
    "The account is ready, but a saved camera role could not be attached.",
    `The login works; that camera is missing. ${AGAIN}`,
    `If the role is gone at 3dEye for good, ${REPLACE}.`,
  ],
  unsealable: [
    "The stored password was sealed with a key that the service does not have any more.",
    "The login cannot be given out.",
    `If many users have it, tell the engineers: the key may be brought back. Else ${REPLACE}.`,
  ],
  leaving: [
    "The id belonged to a deleted user whose account is not removed yet.",
    "Nothing is created until a run has removed it.",
    `Wait for the next run, or ${REPLACE}.`,
  ],
  out_of_time: ["It did not finish in the time allowed.", AGAIN, "Try again. If it stays, 3dEye is slow."],
  not_configured: [
    "3dEye is not configured in this service.",
    "No user is provisioned.",
    ENGINEERS,
    ["System shows which settings are missing", "#/system"],
  ],
  unauthorized: ["3dEye refused the service’s own credentials.", OUTAGE, ENGINEERS],
  email_taken: ["3dEye says that the e-mail is taken. By whom is not known yet.", AGAIN, "Wait for the next attempt."],
  not_found: [
    "3dEye did not find what was asked for.",
    AGAIN,
    "“Check at 3dEye” shows what is there. Reset if the account is gone.",
  ],
  rate_limited: ["3dEye limits how often the service may call.", OUTAGE, "Wait. Start no further runs meanwhile."],
  unavailable: ["3dEye is unavailable.", OUTAGE, "Wait. If it goes on for an hour, ask 3dEye’s support."],
  answer_lost: [
    "3dEye’s answer was lost: the call may have worked or not.",
    "The list is read again first, so nothing is made twice.",
    "Wait a minute.",
  ],
  rejected: [
    "3dEye refused the request.",
    `${AGAIN} The waits grow up to a day.`,
    "Check that the e-mail is a usable one. Else tell the engineers the request id.",
  ],
  empty_list: [
    "3dEye’s list came empty, although we are known to have accounts there.",
    `No user was touched. ${AGAIN}`,
    "Wait. If it stays, tell the engineers: the setting THREEDEYE_CUSTOMER_ID may be wrong.",
  ],
  unreadable_answer: ["3dEye’s answer could not be read.", OUTAGE, ENGINEERS],
};
