import type { BackfillRun } from "../../contract";
import { Time } from "../../parts/Time";
import { href } from "../../state/router";
import { RunBar } from "../runs/RunBar";

type Run = Pick<BackfillRun, "runId" | "trigger" | "total" | "created" | "failed" | "skipped" | "startedAt">;

export function RunUnderWay({ run, paused }: { run: Run | null; paused: boolean }) {
  if (!run) {
    const next = paused ? "None begins while provisioning is paused." : "The next scheduled one begins within 15 minutes.";
    return <p class="empty">No run is under way. {next}</p>;
  }
  return (
    <>
      <p>
        <a href={href(["runs", run.runId])}>{run.trigger === "cron" ? "Scheduled run" : "Run started by a person"}</a>, since{" "}
        <Time at={run.startedAt} relative />
      </p>
      {run.total > 0 ? (
        <RunBar name="Run under way" of={{ ...run, planned: run.total, done: run.created }} />
      ) : (
        <p class="quiet">Its figures come with its end.</p>
      )}
    </>
  );
}
