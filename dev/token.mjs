// `npm run -s token -- --email you@smartphonekey.com`: a JWT from the token
// issuer of the running `npm start`, alone on standard output.

import { parseArgs } from "node:util";
import { readRunFile } from "./tooling/run-file.mjs";
import { Failure, runMain } from "./tooling/say.mjs";
import { mintToken, verifiedEmail } from "./tooling/simulator.mjs";

const HELP = `npm run -s token -- --email NAME@smartphonekey.com [options]

  --email E-MAIL        who it is; of an admin domain for the admin routes
  --user UUID           for that user: the same as --sub UUID
  --sub SUBJECT         the subject; without it one made from the e-mail
  --expires-in SECONDS  default 43200 (12 hours); negative for one that has expired
  --claim NAME=VALUE    any other claim, may be repeated; VALUE is JSON, or else text

At least one of --email, --user and --sub is needed. -s keeps npm's own lines out of the output.
`;

async function main() {
  const { values } = parseArgs({
    options: {
      email: { type: "string" },
      user: { type: "string" },
      sub: { type: "string" },
      "expires-in": { type: "string", default: "43200" },
      claim: { type: "string", multiple: true, default: [] },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return console.log(HELP);
  if (!values.email && !values.user && !values.sub) throw new Failure(`For whom?\n\n${HELP}`);
  if (values.user && values.sub) throw new Failure("--user and --sub say the same thing: give one of them");
  const expiresIn = Number(values["expires-in"]);
  if (!Number.isFinite(expiresIn)) throw new Failure("--expires-in must be a number of seconds");
  const running = readRunFile();
  if (!running) throw notRunning();
  const claims = {
    sub: values.user ?? values.sub ?? `local|${values.email}`,
    ...(values.email && verifiedEmail(running, values.email)),
    ...Object.fromEntries(values.claim.map(claim)),
  };
  console.log(
    await mintToken(running, claims, expiresIn).catch((error) => {
      throw error instanceof Failure ? error : notRunning();
    }),
  );
}

const notRunning = () => new Failure("Nothing runs in this checkout", { hint: "Start it with npm start, then ask again." });

/** @param {string} text @returns {[string, unknown]} */
function claim(text) {
  const at = text.indexOf("=");
  if (at < 1) throw new Failure(`--claim wants NAME=VALUE, not ${text}`);
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value)];
  } catch {
    return [text.slice(0, at), value];
  }
}

await runMain(main);
