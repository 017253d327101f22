// What became of each user of a list.

import { useState } from "preact/hooks";
import type { components } from "../../api";
import { words } from "../../lib/words";
import { Select } from "../../parts/fields";
import { Badge, type Tone } from "../../parts/StateBadge";
import { type Column, PagedTable } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { href } from "../../state/router";
import type { RunProgress } from "./Run";

type RunUser = components["schemas"]["RunUser"];
type State = RunUser["state"];

const STATES: Record<State, readonly [Tone, string]> = {
  waiting: ["calm", "Its turn comes."],
  working: ["busy", "The service is at it."],
  done: ["good", "It was done."],
  refused: ["warn", "Nothing was done: the act would be refused for this user alone, too."],
  failed: ["bad", "It is not known to be done to its end. Look at the user."],
  skipped: ["calm", "Nothing was done: the run ended before its turn came."],
};

const COLUMNS: readonly Column<RunUser>[] = [
  { title: "User", cell: ({ userId, entry }) => (userId === null ? `Entry ${entry}` : <code>{userId}</code>) },
  {
    title: "State",
    cell: ({ state }) => (
      <Badge tone={STATES[state][0]} title={STATES[state][1]}>
        {words(state)}
      </Badge>
    ),
  },
  { title: "Outcome", cell: ({ outcome }) => outcome ?? <span class="quiet">–</span> },
  { title: "At", cell: ({ endedAt }) => <Time at={endedAt} none="–" quiet /> },
];

export function RunUsers({ run }: { run: RunProgress }) {
  const { runId } = run;
  const [state, setState] = useState<State | "">("");
  const list = (after?: number) =>
    api.GET("/admin/threedeye/backfill/runs/{runId}/users", {
      params: { path: { runId }, query: { after, state: state || undefined } },
    });
  // Read anew as the run gets on.
  const users = usePages(`run users ${runId} ${state} ${run.done + run.failed + run.skipped}`, list, ({ users, next }) => ({
    rows: users,
    next,
  }));
  return (
    <PagedTable
      name="Users of the run"
      head={
        <Select
          label="State"
          value={state}
          options={[["", "Any"], ...(Object.keys(STATES) as State[]).map((id) => [id, words(id)] as const)]}
          onChange={setState}
        />
      }
      pages={users}
      columns={COLUMNS}
      rowKey={({ entry }) => entry}
      href={({ userId }) => (userId === null ? null : href(["users", userId]))}
      empty="No user of the run is like that."
    />
  );
}
