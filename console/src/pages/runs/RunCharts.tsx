import { LineChart } from "../../charts/LineChart";
import { Ranking } from "../../charts/Ranking";
import { showCount } from "../../lib/number";
import { showTime } from "../../lib/time";
import { Section } from "../../parts/Panel";
import { utc } from "../../state/preferences";
import type { RunProgress } from "./Run";
import type { Sample } from "./samples";

interface RunChartsProps {
  run: RunProgress;
  samples: readonly Sample[];
}

/** With fewer samples a line would show a course that was not seen. */
const FEW = 3;
/** Points of the line, evenly spaced in time. */
const POINTS = 60;

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

/** What was last seen at each of some moments that lie equally far apart. */
function evenly(samples: readonly Sample[]): readonly Sample[] {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || samples.length < FEW) return samples;
  const span = last.at.getTime() - first.at.getTime();
  const count = Math.min(POINTS, samples.length);
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(first.at.getTime() + (span * index) / (count - 1));
    return { ...(samples.findLast((sample) => sample.at <= at) ?? first), at };
  });
}
