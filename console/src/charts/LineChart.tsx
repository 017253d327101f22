import { path, spread } from "../lib/scale";
import { Axes, PLOT_HEIGHT, plot, show } from "./axes";
import { Figure, type Series } from "./Figure";

interface LineChartProps {
  title: string;
  finding: string;
  series: readonly Series[];
  /** `label` names a point in full, `short` on the axis if there is too little room for that. */
  points: readonly { label: string; short?: string; values: readonly (number | null)[] }[];
  /** How a value is written in the table. */
  format?: (value: number) => string;
}

/** In a table, more lines than this are no help: every so many-th is shown. */
const TABLE_LINES = 48;

export function LineChart({ title, finding, series, points, format = show }: LineChartProps) {
  const max = Math.max(0, ...points.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const draw = (width: number) => {
    const area = plot(width, max);
    const step = (area.frame.right - area.frame.left) / Math.max(1, points.length - 1);
    const x = (index: number) => area.frame.left + step * index;
    return (
      <>
        <Axes {...area} labels={points.map(({ label, short }) => short ?? label)} x={x} />
        {series.map(({ name, tone }, at) => (
          <path
            key={name}
            class={`line ${tone}`}
            d={path(
              points.map(({ values }, index) => {
                const value = values[at];
                return [x(index), value === null || value === undefined ? null : area.y(value)] as const;
              }),
            )}
          />
        ))}
      </>
    );
  };
  const rows = spread(points.length, TABLE_LINES).flatMap((index) => {
    const point = points[index];
    return point ? [[point.label, ...point.values.map((value) => (value === null ? "–" : format(value)))]] : [];
  });
  return (
    <Figure
      title={title}
      finding={finding}
      height={PLOT_HEIGHT}
      legend={series}
      head={["Time", ...series.map(({ name }) => name)]}
      rows={rows}
      draw={draw}
    />
  );
}
