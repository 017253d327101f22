// A server for the native tests: tells its address on its first line, and ends
// when its standard input does, which also a killed parent closes.

/**
 * @param {string} url where it listens
 * @param {() => Promise<void>} close
 */
export function tether(url, close) {
  process.stdin.on("end", () => close().finally(() => process.exit()));
  process.stdin.on("error", () => process.exit(1));
  process.stdin.resume();
  console.log(url);
}
