// Around every chart: its heading, its finding for those who cannot see it, its numbers as a table.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export interface Series {
  name: string;
  tone: "one" | "bad" | "warn";
}

interface FigureProps {
  title: string;
  /** What the chart shows, in a sentence: "31 users failed in 30 days, most on 12 Nov." */
  finding: string;
  height: number;
  legend?: readonly Series[];
  head: readonly string[];
  rows: readonly (readonly ComponentChildren[])[];
  /** Draws into the width that there is. */
  draw: (width: number) => ComponentChildren;
}

export function Figure({ title, finding, height, legend = [], head, rows, draw }: FigureProps) {
  const [ref, width] = useWidth();
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <p class="quiet">{finding}</p>
      </figcaption>
      {rows.length > 0 && legend.length > 1 && (
        <ul class="legend" aria-hidden="true">
          {legend.map(({ name, tone }) => (
            <li key={name} class={tone}>
              {name}
            </li>
          ))}
        </ul>
      )}
      <div ref={ref} style={{ height: rows.length > 0 ? `${height}px` : 0 }}>
        {rows.length > 0 && width > 0 && (
          <svg role="img" aria-label={`${title}: ${finding}`} width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
            {draw(width)}
          </svg>
        )}
      </div>
      <details hidden={rows.length === 0}>
        <summary>Show as table</summary>
        <div class="table-frame">
          <table aria-label={title}>
            <thead>
              <tr>
                {head.map((name, index) => (
                  <th key={name} scope="col" class={index > 0 ? "end" : ""}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, line) => (
                <tr key={line}>
                  {row.map((cell, index) => (
                    <td key={head[index]} class={index > 0 ? "end" : ""} data-label={head[index]}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
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
