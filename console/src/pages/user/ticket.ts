import type { UserDetail } from "../../contract";
import { nextOf } from "../../guidance";
import { stateWord } from "../../parts/StateBadge";
import { href } from "../../state/router";

/** Where the user stands, as text for a ticket: ids and codes, no personal data. */
export function forTicket({ userId, provisioning, history }: UserDetail): string {
  const { reason, next, threedeyeUserId } = provisioning;
  const requestId = history.find((entry) => entry.requestId !== null)?.requestId;
  const lines = [
    `User ${userId}`,
    `State: ${stateWord(provisioning)}${reason ? `, because ${reason}` : ""}`,
    `Next: ${nextOf(next)}${next.at ? ` Due ${next.at}` : ""}`,
    threedeyeUserId && `3dEye account ${threedeyeUserId}`,
    requestId && `Last request ${requestId}`,
    `${location.origin}${location.pathname}${href(["users", userId])}`,
  ];
  return lines.filter(Boolean).join("\n");
}
