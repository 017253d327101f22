import { LineChart } from "../../charts/LineChart";
import { Ranking } from "../../charts/Ranking";
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
  const { done, failed, skipped, planned } = run;
  return (
    <>
      <Section title="Outcomes">
        <Ranking
          title="Users by outcome"
          finding={`${showCount(done)} of ${showCount(planned)} users have their account, ${showCount(failed)} failed.`}
          unit="Outcome"
          tone="one"
          entries={[
            { label: "Have their account", count: done },
            { label: "Failed", count: failed },
            { label: "Of the failed, quarantined", count: run.quarantined },
            { label: "Skipped: left as they were", count: skipped },
          ]}
        />
      </Section>
      {course.length >= FEW && (
        <Section title="Course">
          <LineChart
            title="Users done over time"
            finding={`${showCount(done)} done and ${showCount(failed)} failed, as this page saw it.`}
            series={[
              { name: "Done", tone: "one" },
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
