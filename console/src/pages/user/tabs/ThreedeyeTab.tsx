import type { UserDetail } from "../../../contract";
import { words } from "../../../lib/words";
import { Facts } from "../../../parts/Facts";
import { Section } from "../../../parts/Panel";
import { StateBadge } from "../../../parts/StateBadge";
import { Due, Time } from "../../../parts/Time";
import { href } from "../../../state/router";
import { Ids } from "../Check";

export function ThreedeyeTab({ user: { provisioning: at } }: { user: UserDetail }) {
  return (
    <Section title="On record about 3dEye">
      <Facts
        of={[
          ["State", <StateBadge key="" {...at} />],
          ["Account", at.threedeyeUserId && <code>{at.threedeyeUserId}</code>],
          ["Password", at.hasPassword ? "Stored, sealed" : "None stored"],
          ["Saved cameras", at.savedRoles.length > 0 ? <Ids of={at.savedRoles} /> : "None"],
          ["Failed attempts", at.attempts],
          ["Failure", at.reason && words(at.reason)],
          ["Last error", at.lastError],
          ["Next attempt", <Due key="" at={at.dueAt} none="None: not in the queue" />],
          at.leaseUntil !== null && [
            "Being worked on",
            <>
              until <Time at={at.leaseUntil} relative /> at most
            </>,
          ],
          at.runId !== null && [
            "Run",
            <a href={href(["runs", at.runId])} key="">
              {at.runId}
            </a>,
          ],
          ["First recorded", <Time key="" at={at.createdAt} />],
          ["Last changed", <Time key="" at={at.updatedAt} relative />],
        ]}
      />
    </Section>
  );
}
