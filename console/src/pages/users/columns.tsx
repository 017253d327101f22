import type { State, UserRow } from "../../contract";
import { guidance } from "../../guidance";
import { showMany } from "../../lib/number";
import { words } from "../../lib/words";
import { StateBadge } from "../../parts/StateBadge";
import type { Column } from "../../parts/Table";
import { Due } from "../../parts/Time";

/** The states that a run ends. */
const QUEUED: ReadonlySet<State> = new Set(["waiting", "pending", "attaching"] as const);

export const USER_COLUMNS: readonly Column<UserRow>[] = [
  { title: "User", cell: ({ userId }) => <code>{userId}</code> },
  {
    title: "E-mail, phone",
    cell: ({ email, phoneNumber }) => (
      <>
        {email ?? <span class="quiet">No e-mail</span>}
        {phoneNumber && <div class="quiet">{phoneNumber}</div>}
      </>
    ),
  },
  { title: "State", cell: (row) => <StateBadge {...row} /> },
  {
    title: "Failure",
    cell: ({ reason, lastError, attempts }) =>
      reason || lastError ? (
        <>
          {reason ? guidance.reason[reason].means : lastError}
          <div class="quiet">
            {reason && `${words(reason)} · `}
            {showMany(attempts, "attempt")}
          </div>
        </>
      ) : (
        <span class="quiet">–</span>
      ),
  },
  {
    title: "Next attempt",
    // Without a time to wait for, the next run is it.
    cell: ({ state, nextAttemptAt, createdAt }) => <Due at={nextAttemptAt ?? (QUEUED.has(state) ? createdAt : null)} />,
  },
  { title: "2FA", cell: ({ twoFactor }) => (twoFactor ? "On" : <span class="quiet">Off</span>) },
];
