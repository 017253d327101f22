const figures = new Intl.NumberFormat("en-GB");

/** "4,000". */
export const showCount = (count: number): string => figures.format(count);

/** "1 user", "4,000 users". */
export const showMany = (count: number, one: string, many = `${one}s`): string =>
  `${showCount(count)} ${count === 1 ? one : many}`;
