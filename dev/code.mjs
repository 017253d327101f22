// `npm run -s code -- SECRET`: the code that an authenticator app would show,
// alone on standard output.

import { parseArgs } from "node:util";
import { Failure, runMain } from "./tooling/say.mjs";
import { fromBase32, secretOf, totp } from "./tooling/totp.mjs";

const HELP = `npm run -s code -- SECRET [options]

  SECRET         as two_factor_start_setup tells it, in base32
  --otpauth URL  takes the secret from an address, as two_factor_start_setup tells it and its QR code holds it
  --at UNIX      the code of another time than now, in seconds since 1970
  --at +SECONDS  the code of so much later than now: each code is good once, and +30 is the next one

The same without npm: oathtool --totp --base32 SECRET. -s keeps npm's own lines out of the output.
`;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { otpauth: { type: "string" }, at: { type: "string", default: "+0" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return console.log(HELP);
  console.log(totp(secret(positionals, values.otpauth), time(values.at)));
}

/** @param {string[]} positionals @param {string | undefined} address */
function secret(positionals, address) {
  if (address !== undefined && positionals.length === 0) return secretOf(address);
  const [text, ...more] = positionals;
  if (text === undefined || more.length > 0 || address !== undefined) throw new Failure(`One secret is needed\n\n${HELP}`);
  return fromBase32(text);
}

/** @param {string} text @returns {number} in seconds since 1970 */
function time(text) {
  if (!/^\+?\d{1,11}$/.test(text)) throw new Failure("--at must be a number of seconds");
  return text.startsWith("+") ? Math.floor(Date.now() / 1000) + Number(text) : Number(text);
}

await runMain(main);
