import { spread, ticks } from "../lib/scale";

export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export const PLOT_HEIGHT = 170;

export interface Plot {
  frame: Frame;
  y: (value: number) => number;
  values: number[];
}

/** Where things go, for values from 0 to `max`. */
export function plot(width: number, max: number): Plot {
  const values = ticks(max);
  const top = values.at(-1) ?? 1;
  const left = 12 + 7 * show(top).length;
  const frame = { left, right: width - 6, top: 8, bottom: PLOT_HEIGHT - 20 };
  return { frame, values, y: (value) => frame.bottom - ((frame.bottom - frame.top) * value) / top };
}

interface AxesProps extends Plot {
  labels: readonly string[];
  /** The middle of each label. */
  x: (index: number) => number;
}

export function Axes({ frame, values, y, labels, x }: AxesProps) {
  const longest = Math.max(1, ...labels.map(({ length }) => length));
  const room = Math.max(2, Math.floor((frame.right - frame.left) / (longest * 6.5 + 24)));
  const shown = spread(labels.length, room);
  return (
    <g class="axes">
      {values.map((value) => (
        <g key={value}>
          <line x1={frame.left} x2={frame.right} y1={y(value)} y2={y(value)} />
          <text x={frame.left - 6} y={y(value) + 4} text-anchor="end">
            {show(value)}
          </text>
        </g>
      ))}
      {shown.map((index, place) => (
        <text
          key={index}
          x={x(index)}
          y={frame.bottom + 16}
          text-anchor={shown.length > 1 && place === 0 ? "start" : place === shown.length - 1 ? "end" : "middle"}
        >
          {labels[index]}
        </text>
      ))}
    </g>
  );
}

export const show = (value: number): string => value.toLocaleString("en-GB");
