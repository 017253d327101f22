// Numbers out of many.

/** @param {number[]} values */
export const median = (values) => quantile(values, 0.5);

/** The smallest value that so many of them do not exceed. @param {number[]} values @param {number} share */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** @param {number[]} values */
export const sum = (values) => values.reduce((total, each) => total + each, 0);
