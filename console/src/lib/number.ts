const figures = new Intl.NumberFormat("en-GB");

/** "4,000". */
export const showCount = (count: number): string => figures.format(count);

/** "1 user", "4,000 users". */
export const showMany = (count: number, one: string, many = `${one}s`): string =>
  `${showCount(count)} ${count === 1 ? one : many}`;

/** null if it is not the id of a team. */
export function teamOf(text: string): number | null {
  const id = /^[1-9]\d*$/.test(text.trim()) ? Number(text) : 0;
  return id > 0 && Number.isSafeInteger(id) ? id : null;
}
