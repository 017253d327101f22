import { Axes, PLOT_HEIGHT, plot, show } from "./axes";
import { Figure, type Series } from "./Figure";

interface BarChartProps {
  title: string;
  finding: string;
  /** What the bars stand for: "Day". */
  unit: string;
  series: readonly Series[];
  points: readonly { label: string; values: readonly number[] }[];
}

/** Stacked bars, one for each point. */
export function BarChart({ title, finding, unit, series, points }: BarChartProps) {
  const total = ({ values }: { values: readonly number[] }) => values.reduce((sum, value) => sum + value, 0);
  const max = Math.max(0, ...points.map(total));
  const draw = (width: number) => {
    const area = plot(width, max);
    const step = (area.frame.right - area.frame.left) / Math.max(1, points.length);
    const bar = Math.max(1, Math.min(36, step * 0.75));
    const middle = (index: number) => area.frame.left + step * (index + 0.5);
    return (
      <>
        <Axes {...area} labels={points.map(({ label }) => label)} x={middle} />
        {points.map((point, index) => {
          let below = 0;
          return (
            <g key={point.label}>
              <title>{`${point.label}: ${series.map(({ name }, at) => `${show(point.values[at] ?? 0)} ${name.toLowerCase()}`).join(", ")}`}</title>
              {/* A target for the pointer, also where a bar is low. */}
              <rect
                x={middle(index) - step / 2}
                width={step}
                y={area.frame.top}
                height={area.frame.bottom - area.frame.top}
                class="hit"
              />
              {series.map(({ name, tone }, at) => {
                const value = point.values[at] ?? 0;
                const from = below;
                below += value;
                const height = area.y(from) - area.y(below);
                return value > 0 ? (
                  <rect
                    key={name}
                    class={tone}
                    x={middle(index) - bar / 2}
                    width={bar}
                    y={area.y(below)}
                    height={Math.max(1, height)}
                  />
                ) : null;
              })}
            </g>
          );
        })}
      </>
    );
  };
  // Bars without height would be an empty frame; what they say is in the finding.
  const rows = (max === 0 ? [] : points).map(({ label, values }) => [label, ...values.map(show)]);
  return (
    <Figure
      title={title}
      finding={finding}
      height={PLOT_HEIGHT}
      legend={series}
      head={[unit, ...series.map(({ name }) => name)]}
      rows={rows}
      draw={draw}
    />
  );
}
