import type { BackfillRun } from "../../contract";
import { showCount } from "../../lib/number";
import { showLength } from "../../lib/time";
import type { Column } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { RunStatus, startedBy } from "./RunStatus";

/** What a run does. */
export const ACTIONS: Record<BackfillRun["action"], string> = {
  backfill: "Provisions who is due",
  provision: "Provisions a list",
  reset: "Resets a list",
  offboard: "Off-boards a list",
};

/** What went wrong stands out; a nought does not. */
const figure = (title: string, of: (run: BackfillRun) => number | null, alarming = false): Column<BackfillRun> => ({
  title,
  align: "end",
  cell: (run) => {
    const count = of(run);
    if (!count) return <span class="quiet">{count ?? "–"}</span>;
    return alarming ? <strong>{showCount(count)}</strong> : showCount(count);
  },
});

export const RUN_COLUMNS: readonly Column<BackfillRun>[] = [
  { title: "Started", cell: ({ startedAt }) => <Time at={startedAt} quiet /> },
  { title: "Does", cell: ({ action }) => ACTIONS[action] },
  { title: "Status", cell: (run) => <RunStatus of={run} /> },
  { title: "Started by", cell: ({ trigger }) => startedBy(trigger) },
  { title: "Took", align: "end", cell: ({ startedAt, finishedAt }) => (finishedAt ? took(startedAt, finishedAt) : "–") },
  figure("Users", ({ total }) => total),
  figure("Done", ({ created }) => created),
  figure("Failed", ({ failed }) => failed, true),
  figure("Quarantined", ({ quarantined }) => quarantined, true),
  figure("Skipped", ({ skipped }) => skipped),
  figure("Still waiting", ({ remaining }) => remaining),
];

export const took = (from: string, to: string): string => showLength((Date.parse(to) - Date.parse(from)) / 1000);
