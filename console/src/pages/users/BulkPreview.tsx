import { showCount, showMany } from "../../lib/number";
import { href } from "../../state/router";
import type { BulkPlan } from "./BulkDialog";

type PlannedUser = BulkPlan["users"][number];

/** Users shown of each kind: enough to see whether the list is the one that is meant. */
const SAMPLE = 10;

export function BulkPreview({ plan }: { plan: BulkPlan }) {
  const { ready, refused, deletes, deletesAtMost, losers } = plan;
  const done = plan.users.filter((user) => user.refused === null);
  const left = plan.users.filter((user) => user.refused !== null);
  const warned = done.filter(({ warnings, leftInPlace }) => warnings.length + leftInPlace.length > 0);
  return (
    <section class={`notice ${losers > 0 || plan.action === "offboard" ? "bad" : ""}`} aria-label="Preview">
      <h3>Preview</h3>
      <p>
        <strong>{showMany(ready, "user")}</strong> of {showCount(plan.total)}
        {deletes > 0 && `; ${showMany(deletes, "account")} will be deleted at 3dEye`}
        {deletes > 0 && deletesAtMost !== null && `, at most ${showCount(deletesAtMost)} in this run, and created again`}
        {losers > 0 && `; ${showMany(losers, "user loses", "users lose")} cameras for good`}.
      </p>
      <Sample users={done} />
      {warned.length > 0 && (
        <>
          <p>To know about {showMany(warned.length, "of them", "of them")}:</p>
          <Sample users={warned} tell={({ warnings, leftInPlace }) => [...warnings, ...leftInPlace.map(stays)].join(" ")} />
        </>
      )}
      {refused > 0 && (
        <>
          <p>
            <strong>{showMany(refused, "entry", "entries")}</strong> will be left out:
          </p>
          <Sample users={left} tell={({ refused }) => refused?.message} />
        </>
      )}
    </section>
  );
}

const stays = (id: string) => `Account ${id} is protected and stays at 3dEye.`;

interface SampleProps {
  users: readonly PlannedUser[];
  tell?: (user: PlannedUser) => string | undefined;
}

function Sample({ users, tell }: SampleProps) {
  const rest = users.length - SAMPLE;
  return (
    <>
      <ul class="sample">
        {users.slice(0, SAMPLE).map((user) => (
          <li key={user.given}>
            {user.userId === null ? (
              <code>{user.given}</code>
            ) : (
              <a href={href(["users", user.userId])}>
                <code>{user.userId}</code>
              </a>
            )}{" "}
            {tell ? tell(user) : user.email}
          </li>
        ))}
      </ul>
      {rest > 0 && <p class="quiet">and {showCount(rest)} more</p>}
    </>
  );
}
