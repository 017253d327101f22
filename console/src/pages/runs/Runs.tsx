import { CurlButton } from "../../parts/CopyButton";
import { Select } from "../../parts/fields";
import { Page } from "../../parts/Page";
import { PagedTable } from "../../parts/Table";
import { api } from "../../state/client";
import { usePages } from "../../state/pages";
import { paused } from "../../state/pause";
import { address, href, setFilters } from "../../state/router";
import { may } from "../../state/session";
import { DialogButton } from "../user/DialogButton";
import { RUN_COLUMNS } from "./columns";
import { StartRun } from "./StartRun";

const PATH = "/admin/threedeye/backfill/runs";

const TRIGGERS = [
  ["", "Any"],
  ["cron", "Schedule"],
  ["manual", "A person"],
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
  return (
    <Page
      title="Runs"
      lead="A run provisions all users that are due; one starts every 15 minutes by itself. Or it does one act to a list of users."
      actions={
        <>
          <CurlButton method="GET" path={PATH} query={query} />
          {may("support") && (
            <DialogButton
              name="start-run"
              label="Start run…"
              primary
              blocked={paused.value ? "No run begins while provisioning is paused" : undefined}
            >
              {(dialog) => <StartRun dialog={dialog} started={runs.refresh} />}
            </DialogButton>
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
        columns={RUN_COLUMNS}
        empty={trigger || status ? "No run is like that. Choose “Any” to see all." : "No run has begun yet."}
      />
    </Page>
  );
}
