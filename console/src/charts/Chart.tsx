// Every chart: its heading, its finding for those who cannot see it, its drawing, its numbers as a table.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { showCount } from "../lib/number";
import { spread } from "../lib/scale";
import type { Tone } from "../parts/StateBadge";
import { Table } from "../parts/Table";
import { Bars, Lines, PLOT_HEIGHT, Ranking, ROW } from "./drawings";

export interface ChartProps {
  /** Stacked bars and lines stand over an axis; of a ranking each bar lies under its name. */
  kind: "bars" | "lines" | "ranking";
  title: string;
  /** What the chart shows, in a sentence: "31 users failed in 30 days, most on 12 Nov." */
  finding: string;
  /** What a point stands for: "Day". */
  unit: string;
  series: readonly { name: string; tone: Tone }[];
  points: readonly Point[];
  /** How a value is written in the table. */
  format?: (value: number) => string;
}

export interface Point {
  label: string;
  /** On the axis, where there is too little room for the label. */
  short?: string;
  /** One for each series. */
  values: readonly number[];
  /** The label in the table. */
  link?: ComponentChildren;
}

/** In a table, more lines than this are no help: every so many-th is shown. */
const TABLE_LINES = 96;
const DRAWINGS = { bars: Bars, lines: Lines, ranking: Ranking };

export function Chart(chart: ChartProps) {
  const { kind, title, finding, unit, series, points, format = showCount } = chart;
  const [ref, width] = useWidth();
  // Bars without height, or a line of one point, would be an empty frame; what they say is in the finding.
  const empty = kind === "lines" ? points.length < 2 : points.every(({ values }) => values.every((value) => value === 0));
  const height = empty ? 0 : kind === "ranking" ? points.length * ROW : PLOT_HEIGHT;
  const Drawing = DRAWINGS[kind];
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <p class="quiet">{finding}</p>
      </figcaption>
      {!empty && series.length > 1 && (
        <ul class="legend" aria-hidden="true">
          {series.map(({ name, tone }) => (
            <li key={name} class={tone}>
              {name}
            </li>
          ))}
        </ul>
      )}
      <div ref={ref} style={{ height: `${height}px` }}>
        {!empty && width > 0 && (
          <svg role="img" aria-label={`${title}: ${finding}`} width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
            <Drawing {...chart} width={width} />
          </svg>
        )}
      </div>
      <details hidden={empty}>
        <summary>Show as table</summary>
        <Table
          name={title}
          rows={spread(points.length, TABLE_LINES).flatMap((at) => points[at] ?? [])}
          rowKey={(point) => points.indexOf(point)}
          columns={[
            { title: unit, cell: ({ label, link }) => link ?? label },
            ...series.map(({ name }, at) => ({
              title: name,
              align: "end" as const,
              cell: ({ values }: Point) => format(values[at] ?? 0),
            })),
          ]}
          empty={finding}
        />
      </details>
    </figure>
  );
}

function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width] as const;
}
