// The home: what needs attention, whether the service is well, what runs, how it went lately.

import type { Overview as OverviewAnswer } from "../../contract";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { api } from "../../state/client";
import { type Resource, useResource, useSettled } from "../../state/resource";
import { Health, useHealth } from "./Health";
import { LastRuns, useLastRuns } from "./LastRuns";
import { RunUnderWay } from "./RunUnderWay";
import { Tiles } from "./Tiles";
import { Trends } from "./Trends";

const EVERY_MS = 15_000;

export function Overview() {
  const overview = useResource("overview", () => api.GET("/admin/overview"), { every: EVERY_MS });
  const health = useHealth();
  const runs = useLastRuns();
  // At once: panels that grow one after the other would push each other about.
  const ready = useSettled([overview, health, runs]);
  return (
    <Page title="Overview" lead="What needs attention, and whether the service is well." ready={ready}>
      <Panels overview={overview} health={health} runs={runs} />
    </Page>
  );
}

interface PanelsProps {
  overview: Resource<OverviewAnswer>;
  health: ReturnType<typeof useHealth>;
  runs: ReturnType<typeof useLastRuns>;
}

function Panels({ overview, health, runs }: PanelsProps) {
  return (
    <>
      <Panel title="Users and notices" resource={overview} lines={6}>
        {(data) => <Tiles overview={data} />}
      </Panel>
      <div class="columns">
        <Health health={health} />
        <div>
          <Panel title="Run under way" resource={overview} lines={2}>
            {({ run, paused }) => <RunUnderWay run={run} paused={paused} />}
          </Panel>
        </div>
      </div>
      <LastRuns runs={runs} />
      <Trends />
    </>
  );
}
