// The header Retry-After, as src/threedeye/retry.rs reads it.

const MAX_SECONDS = 3600;

/**
 * @param {string} value @param {number} now
 * @returns {number | undefined} seconds; undefined if it says nothing worth obeying
 */
export function retryAfter(value, now) {
  const text = value.trim();
  const isDate = /^[A-Z][a-z]{2,8},? .*\d/.test(text);
  const seconds = /^\d+$/.test(text) ? Number(text) : isDate ? (Date.parse(text) - now) / 1000 : Number.NaN;
  return seconds >= 0 && seconds <= MAX_SECONDS ? seconds : undefined;
}
