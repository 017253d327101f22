import type { BackfillRun } from "../../contract";
import { showLength } from "../../lib/time";
import { Panel } from "../../parts/Panel";
import { Badge, type Tone } from "../../parts/StateBadge";
import { type Column, Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { useResource } from "../../state/resource";
import { href } from "../../state/router";

const EVERY_MS = 60_000;

const STATUS: Record<BackfillRun["status"], readonly [Tone, string]> = {
  running: ["busy", "Running"],
  completed: ["good", "Completed"],
  ended_early: ["bad", "Ended early"],
};

export function RunStatus({ status }: { status: BackfillRun["status"] }) {
  const [tone, word] = STATUS[status];
  return <Badge tone={tone}>{word}</Badge>;
}

const figure = (title: string, value: (run: BackfillRun) => number): Column<BackfillRun> => ({
  title,
  align: "end",
  cell: (run) => value(run).toLocaleString("en-GB"),
});

const COLUMNS: readonly Column<BackfillRun>[] = [
  { title: "Started", cell: (run) => <Time at={run.startedAt} quiet /> },
  { title: "By", cell: (run) => (run.trigger === "cron" ? "Schedule" : "Hand") },
  { title: "Status", cell: (run) => <RunStatus status={run.status} /> },
  figure("Users", (run) => run.total),
  figure("Provisioned", (run) => run.created),
  figure("Failed", (run) => run.failed),
  figure("Skipped", (run) => run.skipped),
  { title: "Took", align: "end", cell: (run) => (run.finishedAt ? showLength(seconds(run.startedAt, run.finishedAt)) : "–") },
];

const seconds = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000;

export const useLastRuns = () =>
  useResource("last runs", () => api.GET("/admin/threedeye/backfill/runs", { params: { query: { limit: 5 } } }), {
    every: EVERY_MS,
  });

export function LastRuns({ runs }: { runs: ReturnType<typeof useLastRuns> }) {
  return (
    <Panel title="Last runs" resource={runs} lines={6} actions={<a href="#/runs">All runs</a>}>
      {(data) => (
        <Table
          name="Last runs"
          columns={COLUMNS}
          rows={data.runs}
          rowKey={({ runId }) => runId}
          href={({ runId }) => href(["runs", runId])}
          empty="There was no run yet. The first scheduled one comes within 15 minutes; support can start one under Runs."
        />
      )}
    </Panel>
  );
}
