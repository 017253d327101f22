import type { BackfillRun } from "../../contract";
import { Progress } from "../../parts/Progress";
import { Time } from "../../parts/Time";
import { href } from "../../state/router";

type Run = Pick<BackfillRun, "runId" | "trigger" | "total" | "created" | "failed" | "skipped" | "startedAt">;

export function RunUnderWay({ run, paused }: { run: Run | null; paused: boolean }) {
  if (!run) {
    const next = paused ? "None begins while provisioning is paused." : "The next scheduled one begins within 15 minutes.";
    return <p class="empty">No run is under way. {next}</p>;
  }
  const done = run.created + run.failed + run.skipped;
  const text = `${done.toLocaleString("en-GB")} of ${run.total.toLocaleString("en-GB")} done, ${run.failed} failed`;
  return (
    <>
      <p>
        <a href={href(["runs", run.runId])}>{run.trigger === "cron" ? "Scheduled run" : "Run started by a person"}</a>, since{" "}
        <Time at={run.startedAt} relative />
      </p>
      {run.total > 0 ? (
        <Progress name="Run under way" value={done} max={run.total} failed={run.failed} text={text} />
      ) : (
        <p class="quiet">Its figures come with its end.</p>
      )}
    </>
  );
}
