import type { BackfillRun } from "../../contract";
import { showCount } from "../../lib/number";
import { showLength } from "../../lib/time";
import { CurlButton } from "../../parts/CopyButton";
import { useDialog } from "../../parts/Dialog";
import { Select } from "../../parts/fields";
import { Page } from "../../parts/Page";
import { type Column, PagedTable } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { address, href, setFilters } from "../../state/router";
import { may } from "../../state/session";
import { RunStatus } from "./RunStatus";
import { StartRun } from "./StartRun";

const PATH = "/admin/threedeye/backfill/runs";

const TRIGGERS = [
  ["", "Any"],
  ["cron", "Schedule"],
  ["manual", "By hand"],
] as const;
const STATUSES = [
  ["", "Any"],
  ["running", "Running"],
  ["completed", "Completed"],
  ["ended_early", "Ended early"],
] as const;

/** An unknown word in the address is no filter. */
function chosen<Value extends string>(name: string, options: readonly (readonly [Value, string])[]): Value {
  const wanted = address.value.filters.get(name);
  return options.find(([value]) => value === wanted)?.[0] ?? ("" as Value);
}

export function Runs() {
  const trigger = chosen("trigger", TRIGGERS);
  const status = chosen("status", STATUSES);
  const query = { trigger: trigger || undefined, status: status || undefined };
  const runs = usePages(
    `runs ${trigger} ${status}`,
    (before) => api.GET(PATH, { params: { query: { ...query, before } } }),
    ({ runs, next }) => ({ rows: runs, next }),
  );
  const start = useDialog("start-run");
  return (
    <Page
      title="Runs"
      lead="A run takes up the users that are due at 3dEye. One starts every 15 minutes by itself."
      actions={
        <>
          <CurlButton method="GET" path={PATH} query={query} />
          {may("support") && (
            <button type="button" class="primary" onClick={start.open}>
              Start run…
            </button>
          )}
        </>
      }
    >
      <div class="filters">
        <Select label="Started by" value={trigger} options={TRIGGERS} onChange={(trigger) => setFilters({ trigger })} />
        <Select label="Status" value={status} options={STATUSES} onChange={(status) => setFilters({ status })} />
      </div>
      <PagedTable
        name="Runs"
        pages={runs}
        rowKey={({ runId }) => runId}
        href={({ runId }) => href(["runs", runId])}
        columns={COLUMNS}
        empty={trigger || status ? "No run is like that. Choose “Any” to see all." : "No run has begun yet."}
      />
      {start.isOpen && <StartRun dialog={start} started={runs.refresh} />}
    </Page>
  );
}

const COLUMNS: readonly Column<BackfillRun>[] = [
  { title: "Started", cell: ({ startedAt }) => <Time at={startedAt} quiet /> },
  { title: "Status", cell: (run) => <RunStatus run={run} /> },
  { title: "Started by", cell: ({ trigger }) => (trigger === "cron" ? "Schedule" : "Hand") },
  { title: "Took", cell: ({ startedAt, finishedAt }) => (finishedAt ? showLength(secondsBetween(startedAt, finishedAt)) : "–") },
  { title: "Users", align: "end", cell: ({ total }) => showCount(total) },
  { title: "Accounts", align: "end", cell: ({ created }) => showCount(created) },
  { title: "Failed", align: "end", cell: ({ failed }) => <Figure count={failed} /> },
  { title: "Quarantined", align: "end", cell: ({ quarantined }) => <Figure count={quarantined} /> },
  { title: "Skipped", align: "end", cell: ({ skipped }) => showCount(skipped) },
  { title: "Still waiting", align: "end", cell: ({ remaining }) => (remaining === null ? "–" : showCount(remaining)) },
];

/** What went wrong stands out; a nought does not. */
function Figure({ count }: { count: number }) {
  return count > 0 ? <strong>{showCount(count)}</strong> : <span class="quiet">0</span>;
}

export const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;
