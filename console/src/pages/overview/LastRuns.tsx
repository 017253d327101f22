import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { api } from "../../state/client";
import { useResource } from "../../state/resource";
import { href } from "../../state/router";
import { RUN_COLUMNS } from "../runs/columns";

const EVERY_MS = 60_000;

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
          columns={RUN_COLUMNS}
          rows={data.runs}
          rowKey={({ runId }) => runId}
          href={({ runId }) => href(["runs", runId])}
          empty="No run has begun yet. The first scheduled one comes within 15 minutes; support can start one under Runs."
        />
      )}
    </Panel>
  );
}
