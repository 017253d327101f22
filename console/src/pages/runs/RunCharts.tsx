import { Chart } from "../../charts/Chart";
import { showCount } from "../../lib/number";
import { showTime } from "../../lib/time";
import { Section } from "../../parts/Panel";
import { utc } from "../../state/preferences";
import { evenly, FEW, type Sample } from "./course";
import type { RunProgress } from "./Run";

interface RunChartsProps {
  run: RunProgress;
  samples: readonly Sample[];
}

export function RunCharts({ run, samples }: RunChartsProps) {
  const course = evenly(samples);
  const { done, failed, skipped, planned, quarantined } = run;
  return (
    <>
      <Section title="Outcomes">
        <Chart
          kind="ranking"
          title="Users by outcome"
          finding={`${showCount(done)} of ${showCount(planned)} users have their account, ${showCount(failed)} failed.`}
          unit="Outcome"
          series={[{ name: "Users", tone: "good" }]}
          points={[
            { label: "Have their account", values: [done] },
            { label: "Failed", values: [failed], tone: "bad" },
            { label: "Of the failed, quarantined", values: [quarantined], tone: "bad" },
            { label: "Skipped: left as they were", values: [skipped], tone: "calm" },
          ]}
        />
      </Section>
      {course.length >= FEW && (
        <Section title="Course">
          <Chart
            kind="lines"
            title="Users done over time"
            finding={`${showCount(done)} done and ${showCount(failed)} failed, as this page saw it.`}
            unit="Time"
            series={[
              { name: "Done", tone: "good" },
              { name: "Failed", tone: "bad" },
            ]}
            points={course.map(({ at, done, failed }) => {
              const label = showTime(at, at, { utc: utc.value, timeOnly: true });
              return { label, short: label.slice(0, 8), values: [done, failed] };
            })}
          />
        </Section>
      )}
    </>
  );
}
