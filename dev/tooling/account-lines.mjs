// What the developer can paste to protect an account, step by step as its owner
// would live it.

import { relative } from "node:path";
import { EXAMPLES } from "../seed.mjs";
import { paragraphs } from "./curl-lines.mjs";
import { logFile, ROOT } from "./paths.mjs";

/** What the secret is shown as. */
const PICTURE = ".dev/two-factor.svg";

/** A walk through account security; what it begins with is also all that README's examples need. @param {string} worker its address @returns {string} */
export function accountLines(worker) {
  const notices = relative(ROOT, logFile("notices"));
  const json = `-H 'Content-Type: application/json'`;
  const verify = `me /two_factor_verify -d ${body({ token: "$CODE" })}`;
  return [
    "# A user's account. First these, in this directory; the token is recent enough for two hours:",
    `export BASE='${worker}'`,
    `export PERSON='${EXAMPLES.careful.uuid}'`,
    `export PERSON_JWT="$(npm run -s token -- --user $PERSON)"`,
    `me() { action="$1"; shift; curl -sw '\\n' -H "Authorization: Bearer $PERSON_JWT" ${json} "$BASE/api/users/@me$action" "$@"; }`,
    `field() { printf %s "$1" | node -pe 'process.argv[1].split(".").reduce((value, name) => value[name], JSON.parse(fs.readFileSync(0)))' "$2"; }`,
    ...paragraphs([
      ["Who am I?", `me ""`],
      ["A phone registers for pushes", `me /push_tokens -d ${body({ token: "example-device-token", platform: "ios" })}`],
      [
        "… and leaves: 204, also when it had left before",
        `me /push_tokens/unregister -i -d ${body({ token: "example-device-token" })}`,
      ],
      [
        `Set a second factor up: what an authenticator app scans, as a text and in ${PICTURE}`,
        `SETUP="$(me /two_factor_start_setup)"; field "$SETUP" otpauth_url; field "$SETUP" qr_svg > ${PICTURE}`,
      ],
      [
        `The code that the app shows; or oathtool --totp --base32 "$SECRET"`,
        `SECRET="$(field "$SETUP" secret)"; CODE="$(npm run -s code -- "$SECRET")"; echo "$CODE"`,
      ],
      ["Turn it on", `me /two_factor_validate -d ${body({ token: "$CODE" })}`],
      ["Ten codes for the day the phone is lost", `CODES="$(me /two_factor_backup_codes -X POST)"; echo "$CODES"`],
      ["How is the account protected?", "me /two_factor_status"],
      ["A code is good …", `CODE="$(npm run -s code -- "$SECRET" --at +30)"; ${verify}`],
      ["… once", verify],
      ["A backup code …", `CODE="$(field "$CODES" backup_codes.0)"; ${verify}`],
      ["… as well", verify],
      [
        "Turn it off, for which a proof is needed",
        `me /two_factor_disable -d ${body({ token: '$(field "$CODES" backup_codes.1)' })}`,
      ],
      [
        "Another name, and another e-mail, which waits until it is confirmed",
        `me "" -X PATCH -d ${body({ first_name: "Grace", email: "grace.$(date +%s)@example.com" })}`,
      ],
      [`The notices of all this have left right after the answers, and npm start writes them down`, `tail -n 6 ${notices}`],
      [
        "The e-mail is confirmed by the token in its notice",
        `TOKEN="$(sed -n 's/.*"token":"\\([^"]*\\)".*/\\1/p' ${notices} | tail -n 1)"; curl -sw '\\n' ${json} -d ${body({ uuid: "$PERSON", token: "$TOKEN" })} "$BASE/api/users/verify_email"`,
      ],
    ]),
  ].join("\n");
}

/** A body as a word of the shell: in single quotes, but for what the shell is to fill in. @param {Record<string, string>} members */
function body(members) {
  const parts = Object.entries(members).map(([name, value]) => `"${name}": "${value.includes("$") ? `'"${value}"'` : value}"`);
  return `'{${parts.join(", ")}}'`;
}
