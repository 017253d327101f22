// The lists of users by where they stand.

export type ListState = "waiting" | "failing" | "attaching" | "quarantined" | "set_aside" | "leaving" | "left_in_place";

interface List {
  title: string;
  /** What those in the list have in common. */
  lead: string;
  /** Said of an empty list. */
  none: string;
}

export const LIST_STATES: Record<ListState, List> = {
  waiting: {
    title: "Waiting",
    lead: "In the queue: the next runs take them up, the first due first.",
    none: "No user is waiting: every user with an e-mail has an account.",
  },
  failing: {
    title: "Failing",
    lead: "Their last attempt failed. They are tried again by themselves, with growing waits.",
    none: "No user is failing.",
  },
  attaching: {
    title: "Attaching",
    lead: "Their account works, but a saved camera is not attached yet.",
    none: "No user waits for a camera.",
  },
  quarantined: {
    title: "Quarantined",
    lead: "Nothing is tried any more until support acts or the e-mail changes.",
    none: "No user is quarantined.",
  },
  set_aside: {
    title: "Set aside",
    lead: "Another user holds the same e-mail.",
    none: "No user is set aside.",
  },
  leaving: {
    title: "Leaving",
    lead: "Deleted. A run removes their accounts at 3dEye, the first to go first.",
    none: "No deleted user waits for the removal of an account.",
  },
  left_in_place: {
    title: "Left in place",
    lead: "Deleted, but the account at 3dEye is protected: an admin has to decide about it.",
    none: "No account was left in place.",
  },
};

export const isListState = (text: string | null): text is ListState => text !== null && Object.hasOwn(LIST_STATES, text);
