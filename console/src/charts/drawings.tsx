// What is drawn of a chart, into the width that there is.

import { showCount } from "../lib/number";
import { path, spread, ticks } from "../lib/scale";
import type { ChartProps, Point } from "./Chart";

interface DrawingProps extends ChartProps {
  width: number;
}

export const PLOT_HEIGHT = 170;
const TOP = 8;
const BOTTOM = PLOT_HEIGHT - 20;
/** Of a ranking: a bar, and its name above it. */
export const ROW = 38;
/** Parts of a bar are told apart without their colours, too. */
const GAP = 2;

const sum = ({ values }: Point) => values.reduce((total, value) => total + value, 0);
const most = (values: readonly number[]) => Math.max(0, ...values);

/** Where things go, for values from 0 to `max`. */
function plot(width: number, max: number) {
  const values = ticks(max);
  const top = values.at(-1) ?? 1;
  const left = 12 + 7 * showCount(top).length;
  const y = (value: number) => BOTTOM - ((BOTTOM - TOP) * value) / top;
  return { values, left, right: width - 6, y };
}

interface AxesProps extends ReturnType<typeof plot> {
  points: readonly Point[];
  /** The middle of each label. */
  x: (index: number) => number;
}

function Axes({ values, left, right, y, points, x }: AxesProps) {
  const labels = points.map(({ label, short = label }) => short);
  const longest = Math.max(1, ...labels.map(({ length }) => length));
  const shown = spread(labels.length, Math.max(2, Math.floor((right - left) / (longest * 6.5 + 24))));
  return (
    <g class="axes">
      {values.map((value) => (
        <g key={value}>
          <line x1={left} x2={right} y1={y(value)} y2={y(value)} />
          <text x={left - 6} y={y(value) + 4} text-anchor="end">
            {showCount(value)}
          </text>
        </g>
      ))}
      {shown.map((index, place) => (
        <text
          key={index}
          x={x(index)}
          y={BOTTOM + 16}
          text-anchor={shown.length > 1 && place === 0 ? "start" : place === shown.length - 1 ? "end" : "middle"}
        >
          {labels[index]}
        </text>
      ))}
    </g>
  );
}

export function Bars({ width, series, points }: DrawingProps) {
  const area = plot(width, most(points.map(sum)));
  const step = (area.right - area.left) / Math.max(1, points.length);
  const bar = Math.max(1, Math.min(36, step * 0.75));
  const x = (index: number) => area.left + step * (index + 0.5);
  return (
    <>
      <Axes {...area} points={points} x={x} />
      {points.map(({ label, values }, index) => {
        let below = 0;
        return (
          <g key={index}>
            <title>{`${label}: ${series.map(({ name }, at) => `${showCount(values[at] ?? 0)} ${name.toLowerCase()}`).join(", ")}`}</title>
            {/* A target for the pointer, also where a bar is low. */}
            <rect x={x(index) - step / 2} width={step} y={TOP} height={BOTTOM - TOP} class="hit" />
            {series.map(({ name, tone }, at) => {
              const value = values[at] ?? 0;
              const foot = area.y(below) - (below > 0 ? GAP : 0);
              below += value;
              const y = area.y(below);
              return (
                value > 0 && (
                  <rect key={name} class={tone} x={x(index) - bar / 2} width={bar} y={y} height={Math.max(1, foot - y)} />
                )
              );
            })}
          </g>
        );
      })}
    </>
  );
}

export function Lines({ width, series, points }: DrawingProps) {
  const area = plot(width, most(points.flatMap(({ values }) => values)));
  const step = (area.right - area.left) / Math.max(1, points.length - 1);
  const x = (index: number) => area.left + step * index;
  return (
    <>
      <Axes {...area} points={points} x={x} />
      {series.map(({ name, tone }, at) => (
        <path
          key={name}
          class={`line ${tone}`}
          d={path(points.map(({ values }, index) => [x(index), area.y(values[at] ?? 0)] as const))}
        />
      ))}
    </>
  );
}

export function Ranking({ width, series, points }: DrawingProps) {
  const max = most(points.map(sum));
  return (
    <>
      {points.map((point, index) => {
        const value = sum(point);
        const y = index * ROW + 13;
        const bar = { y: y + 6, height: 9, rx: 2 };
        return (
          <g key={index}>
            <text y={y}>{point.label}</text>
            <text x={width} y={y} text-anchor="end" class="figure">
              {showCount(value)}
            </text>
            <rect {...bar} class="rail" width={width} />
            {value > 0 && <rect {...bar} class={series[0]?.tone} width={Math.max(2, (width * value) / max)} />}
          </g>
        );
      })}
    </>
  );
}
