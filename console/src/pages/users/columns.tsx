import type { UserRow } from "../../contract";
import { guidance } from "../../guidance";
import { words } from "../../lib/words";
import { StateBadge } from "../../parts/StateBadge";
import type { Column } from "../../parts/Table";
import { Time } from "../../parts/Time";

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
    title: "Why",
    cell: ({ reason, lastError, attempts }) =>
      reason || lastError ? (
        <>
          {reason ? guidance.reason[reason].means : lastError}
          <div class="quiet">
            {reason && `${words(reason)} · `}
            {attempts === 1 ? "1 attempt" : `${attempts} attempts`}
          </div>
        </>
      ) : (
        <span class="quiet">–</span>
      ),
  },
  { title: "Next attempt", cell: ({ nextAttemptAt }) => <Time at={nextAttemptAt} relative quiet /> },
  { title: "2FA", cell: ({ twoFactor }) => (twoFactor ? "On" : <span class="quiet">Off</span>) },
];
