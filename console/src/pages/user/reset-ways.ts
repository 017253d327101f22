// The ways to reset a user, named by their effect.

import type { Role, UserDetail } from "../../contract";

export type Way = "forget" | "keep" | "lose";

interface WayText {
  title: string;
  effect: string;
  least: Role;
}

export const WAYS: Record<Way, WayText> = {
  forget: {
    title: "Forget what is recorded",
    effect: "Deletes nothing at 3dEye. Lifts a quarantine, for an e-mail that is free by now, and provisions anew.",
    least: "support",
  },
  keep: {
    title: "Replace the account, keep cameras",
    effect: "Deletes the account at 3dEye, makes it anew and attaches the same cameras. Mends most that is stuck.",
    least: "support",
  },
  lose: {
    title: "Replace the account, lose cameras",
    effect: "Deletes the account at 3dEye with its cameras and makes it anew without them.",
    least: "admin",
  },
};

export const BODIES = {
  forget: { clearMapping: true, deleteRemote: false, preserveRoles: true, reprovision: true },
  keep: { clearMapping: true, deleteRemote: true, preserveRoles: true, reprovision: true },
  lose: { clearMapping: true, deleteRemote: true, preserveRoles: false, reprovision: true },
} as const satisfies Record<Way, object>;

/** What the button does, once it is known whether there is an account. */
export function buttonOf(way: Way, deletes: number | undefined): string {
  if (way === "forget") return "Forget it and provision anew";
  if (deletes === 0) return "Make the account anew";
  return way === "keep" ? "Delete the account and make it anew" : "Delete the account and lose its cameras";
}

/** What mends it most likely. */
export function usualWay({ provisioning: { state } }: UserDetail): Way {
  return state === "quarantined" || state === "set_aside" ? "forget" : "keep";
}
