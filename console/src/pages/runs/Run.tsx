import { useRef } from "preact/hooks";
import type { components } from "../../api";
import { showCount } from "../../lib/number";
import { CopyButton, CurlButton } from "../../parts/CopyButton";
import { useDialog } from "../../parts/Dialog";
import { type Fact, Facts } from "../../parts/Facts";
import { Page } from "../../parts/Page";
import { Panel, Section } from "../../parts/Panel";
import { Time } from "../../parts/Time";
import { api } from "../../state/client";
import { useResource, useSettled } from "../../state/resource";
import { may } from "../../state/session";
import { ACTIONS, took } from "./columns";
import { hasEnded } from "./course";
import { RunBar } from "./RunBar";
import { RunChart } from "./RunChart";
import { RunErrors } from "./RunErrors";
import { RunStatus, startedBy } from "./RunStatus";
import { RunUsers } from "./RunUsers";
import { StopRun } from "./StopRun";
import { useRunSamples } from "./samples";

export type RunProgress = components["schemas"]["BackfillProgress"];

const SOON_MS = 2_000;
const LATER_MS = 10_000;
/** How long the page asks every two seconds. */
const EAGER_MS = 60_000;

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
      heading={<>Run {run.data ? <RunStatus of={run.data} /> : null}</>}
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
      {run.data && (
        <>
          <RunChart run={run.data} samples={samples} />
          {run.data.action === "backfill" ? (
            <Section title="Errors">
              <RunErrors errors={run.data.errors} />
            </Section>
          ) : (
            <RunUsers run={run.data} />
          )}
        </>
      )}
      {stop.isOpen && <StopRun dialog={stop} runId={runId} isList={run.data?.action !== "backfill"} stopped={run.refresh} />}
    </Page>
  );
}

function Standing({ run }: { run: RunProgress }) {
  return (
    <>
      {run.planned === 0 ? (
        <p class="empty">{!hasEnded(run) ? "It is not known yet how many users are due." : "No user was due."}</p>
      ) : (
        <RunBar name="Run progress" of={run} />
      )}
      <Facts wide of={facts(run)} />
    </>
  );
}

function facts(run: RunProgress): Fact[] {
  const { usersPerMinute: rate, estimatedEnd, chunks, startedAt, finishedAt, mode, remaining } = run;
  return [
    ["Started", <Time at={startedAt} relative />],
    hasEnded(run)
      ? ["Ended", <Time at={finishedAt} none="No end was recorded" />]
      : ["Expected end", <Time at={estimatedEnd} none="Not known yet" relative />],
    [hasEnded(run) ? "Took" : "So far", took(startedAt, finishedAt ?? new Date().toISOString())],
    ["Rate", rate === null ? "Not known yet" : `${showCount(Math.round(rate))} users a minute`],
    ["Does", ACTIONS[run.action]],
    ["Started by", startedBy(run.trigger)],
    ["Work is done", mode === "queue" ? "By the queue, chunk by chunk" : "Directly, without the queue"],
    [run.action === "backfill" ? "Users at most" : "Entries of the list", showCount(run.limit)],
    mode === "queue" && ["Chunks", `${showCount(chunks.closed)} of ${showCount(chunks.planned)} done`],
    ["Quarantined", showCount(run.quarantined)],
    ["Still waiting at its end", remaining !== null && showCount(remaining)],
  ];
}
