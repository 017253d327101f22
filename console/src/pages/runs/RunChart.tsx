import { Chart } from "../../charts/Chart";
import { showTime } from "../../lib/time";
import { Section } from "../../parts/Panel";
import { utc } from "../../state/preferences";
import { evenly, FEW, progressOf, type Sample } from "./course";
import type { RunProgress } from "./Run";

interface RunChartProps {
  run: RunProgress;
  samples: readonly Sample[];
}

/** The course of a run that was watched; what became of its users is in the bar and the facts. */
export function RunChart({ run, samples }: RunChartProps) {
  const course = evenly(samples);
  if (course.length < FEW) return null;
  return (
    <Section title="Course">
      <Chart
        kind="lines"
        title="Users done over time"
        finding={`${progressOf(run)}, as this page saw it.`}
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
  );
}
