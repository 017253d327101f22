// Axes of charts.

/** Round values from 0 to at least `max`, about four steps apart. Whole numbers, as people are counted. */
export function ticks(max: number): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10));
  const last = Math.ceil(max / step);
  return Array.from({ length: last + 1 }, (_, index) => index * step);
}

/** Which of `count` labels are shown: evenly spread, first and last among them. */
export function spread(count: number, wanted: number): number[] {
  if (count <= wanted) return Array.from({ length: count }, (_, index) => index);
  if (wanted < 2) return count > 0 ? [count - 1] : [];
  return Array.from({ length: wanted }, (_, index) => Math.round((index * (count - 1)) / (wanted - 1)));
}

/** An SVG path through the points; a gap where there is no value. */
export function path(points: readonly (readonly [number, number | null])[]): string {
  let down = false;
  return points
    .map(([x, y]) => {
      if (y === null) {
        down = false;
        return "";
      }
      const move = down ? "L" : "M";
      down = true;
      return `${move}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}
