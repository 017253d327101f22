import type { ComponentChildren } from "preact";
import { show } from "./axes";
import { Figure } from "./Figure";

interface RankingProps {
  title: string;
  finding: string;
  /** What is ranked: "Reason". */
  unit: string;
  tone: "one" | "bad";
  entries: readonly { label: string; count: number; link?: ComponentChildren }[];
}

const ROW = 38;

/** Bars that lie, each under its name. */
export function Ranking({ title, finding, unit, tone, entries }: RankingProps) {
  const max = Math.max(0, ...entries.map(({ count }) => count));
  const draw = (width: number) =>
    entries.map(({ label, count }, index) => (
      <g key={label}>
        <text x={0} y={index * ROW + 13}>
          {label}
        </text>
        <text x={width} y={index * ROW + 13} text-anchor="end" class="figure">
          {show(count)}
        </text>
        <rect class="rail" x={0} y={index * ROW + 19} width={width} height={9} rx={2} />
        {count > 0 && (
          <rect class={tone} x={0} y={index * ROW + 19} width={Math.max(2, (width * count) / max)} height={9} rx={2} />
        )}
      </g>
    ));
  return (
    <Figure
      title={title}
      finding={finding}
      height={Math.max(1, entries.length) * ROW}
      head={[unit, "Number"]}
      rows={(max === 0 ? [] : entries).map(({ label, count, link }) => [link ?? label, show(count)])}
      draw={draw}
    />
  );
}
