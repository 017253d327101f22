import { useRef } from "preact/hooks";
import type { components } from "../../api";
import { showCount } from "../../lib/number";
import { showLength } from "../../lib/time";
import { CopyButton, CurlButton } from "../../parts/CopyButton";
import { useDialog } from "../../parts/Dialog";
import { Page } from "../../parts/Page";
import { Panel, Section } from "../../parts/Panel";
import { Progress } from "../../parts/Progress";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { useResource, useSettled } from "../../state/resource";
import { may } from "../../state/session";
import { type Sample, through } from "./course";
import { RunCharts } from "./RunCharts";
import { RunErrors } from "./RunErrors";
import { hasDied, RunStatus } from "./RunStatus";
import { secondsBetween } from "./Runs";
import { StopRun } from "./StopRun";
import { useRunSamples } from "./samples";

export type RunProgress = components["schemas"]["BackfillProgress"];

const SOON_MS = 2_000;
const LATER_MS = 10_000;
/** How long the page asks every two seconds. */
const EAGER_MS = 60_000;

const hasEnded = (run: RunProgress): boolean => run.status !== "running" || hasDied(run);

export function Run({ runId }: { runId: string }) {
  const opened = useRef(Date.now());
  const path = `/admin/threedeye/backfill/runs/${encodeURIComponent(runId)}`;
  const run = useResource(
    `run ${runId}`,
    () => api.GET("/admin/threedeye/backfill/runs/{runId}", { params: { path: { runId } } }),
    {
      // One that was never read may not exist: asking for it again is left to people.
      every: (data) =>
        data === undefined || hasEnded(data) ? null : Date.now() - opened.current < EAGER_MS ? SOON_MS : LATER_MS,
    },
  );
  const samples = useRunSamples(run.data);
  const stop = useDialog(`stop-run ${runId}`);
  const underWay = run.data !== undefined && !hasEnded(run.data);
  return (
    <Page
      title="Run"
      ready={useSettled([run])}
      heading={<>Run {run.data ? <RunStatus run={run.data} /> : null}</>}
      lead={
        <>
          <code>{runId}</code> <CopyButton text={runId} label="Copy id" /> <a href="#/runs">All runs</a>
        </>
      }
      actions={
        <>
          <CurlButton method="GET" path={path} />
          {underWay && may("support") && (
            <button type="button" class="danger" onClick={stop.open}>
              Stop run…
            </button>
          )}
        </>
      }
    >
      <Panel title="Progress" resource={run} lines={8}>
        {(data) => <Standing run={data} />}
      </Panel>
      {run.data && <Details run={run.data} samples={samples} />}
      {stop.isOpen && <StopRun dialog={stop} runId={runId} stopped={run.refresh} />}
    </Page>
  );
}

function Details({ run, samples }: { run: RunProgress; samples: readonly Sample[] }) {
  return (
    <>
      <div class="columns">
        <RunCharts run={run} samples={samples} />
      </div>
      <Section title="Errors">
        <RunErrors errors={run.errors} />
      </Section>
    </>
  );
}

function Standing({ run }: { run: RunProgress }) {
  const { planned, done, failed, skipped } = run;
  const text = `${showCount(done)} of ${showCount(planned)} done, ${showCount(failed)} failed${
    skipped > 0 ? `, ${showCount(skipped)} skipped` : ""
  }`;
  return (
    <>
      {planned === 0 ? (
        <p class="empty">{run.status === "running" ? "It is not known yet how many users it takes up." : "No user was due."}</p>
      ) : (
        <Progress name="Run progress" value={through(run)} max={planned} failed={failed} skipped={skipped} text={text} />
      )}
      <dl class="facts in-columns">
        {facts(run).map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function facts(run: RunProgress) {
  const { usersPerMinute: rate, estimatedEnd, chunks, startedAt, finishedAt } = run;
  const ended = hasEnded(run);
  return [
    ["Started", <Time at={startedAt} relative />],
    ended
      ? ["Ended", <Time at={finishedAt} none="No end was recorded" />]
      : ["Expected end", <Time at={estimatedEnd} none="Not known yet" relative />],
    ["Took", showLength(secondsBetween(startedAt, finishedAt ?? new Date().toISOString()))],
    ["Rate", rate === null ? "Not known yet" : `${showCount(Math.round(rate))} users a minute`],
    ["Started by", run.trigger === "cron" ? "Schedule" : "Hand"],
    ["Worked off", run.mode === "queue" ? "By the queue" : "In one process"],
    ["Users at most", showCount(run.limit)],
    ...(run.mode === "queue" ? [["Chunks", `${showCount(chunks.closed)} of ${showCount(chunks.planned)} done`] as const] : []),
    ["Quarantined", showCount(run.quarantined)],
    ["Still waiting at its end", run.remaining === null ? "–" : showCount(run.remaining)],
  ] as const;
}
