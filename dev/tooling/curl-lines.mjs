// What the developer can paste once everything runs.

import { EXAMPLES } from "../seed.mjs";

/** @typedef {import("./admin.mjs").Access & {userToken: string}} Access */

/** @param {Access} access @returns {string} */
export function curlLines({ worker, adminKey, adminToken, userToken }) {
  const admin = `-H "X-Admin-API-Key: $KEY" -H "Authorization: Bearer $JWT"`;
  const json = `-H 'Content-Type: application/json'`;
  const { fresh, stuck, orphan } = EXAMPLES;
  const diagnose = (/** @type {{uuid: string}} */ user) => `curl -sw '\\n' ${admin} ${worker}/admin/threedeye/users/${user.uuid}`;
  const examples = [
    ["Is it well?", `curl -sw '\\n' ${worker}/health`],
    ["Diagnostics of a user who has no account yet", diagnose(fresh)],
    ["… of one who is failing: an account existed before, and nothing proves it to be this person's", diagnose(stuck)],
    ["… of an orphan: the e-mail is taken in another customer", diagnose(orphan)],
    [
      "Reset the failing user, keep the camera roles, provision anew",
      `curl -sw '\\n' -X POST ${admin} ${json} -d '{"deleteRemote":true,"preserveRoles":true,"reprovision":true}' ${worker}/admin/threedeye/users/${stuck.uuid}/reset`,
    ],
    ["What would a backfill do?", `curl -sw '\\n' -X POST ${admin} '${worker}/admin/backfill-threedeye?limit=50&dryRun=true'`],
    ["Do it for five users", `curl -sw '\\n' -X POST ${admin} '${worker}/admin/backfill-threedeye?limit=5'`],
    ["The runs so far", `curl -sw '\\n' ${admin} '${worker}/admin/threedeye/backfill/runs?limit=5'`],
    ["Credentials, asked by support", `curl -sw '\\n' ${admin} ${worker}/users/${fresh.uuid}/3deye-credentials`],
    [
      "Credentials, asked by the user",
      `curl -sw '\\n' -H "Authorization: Bearer $USER_JWT" ${worker}/users/${fresh.uuid}/3deye-credentials`,
    ],
    [
      "An API key for another service",
      `curl -sw '\\n' -X POST ${admin} ${json} -d '{"scopes":["threedeye:read"],"label":"demo"}' ${worker}/admin/api-keys`,
    ],
    ["The API keys", `curl -sw '\\n' ${admin} ${worker}/admin/api-keys`],
  ];
  return [
    "# First these, they are good for 12 hours, and recent enough to make keys for two:",
    `KEY='${adminKey}'`,
    `JWT='${adminToken}'`,
    `USER_JWT='${userToken}'`,
    ...paragraphs(examples),
  ].join("\n");
}

/**
 * The user-key API; what it begins with is also all that README's examples need.
 * @param {string} worker
 * @param {import("./demo-instance.mjs").DemoInstance} instance
 * @returns {string}
 */
export function userKeyLines(worker, { name, apiKey, accountKey, user }) {
  const address = `${worker}/v1.1/instances/$INSTANCE`;
  const reset = (/** @type {string} */ key) =>
    `-X POST -H "X-API-KEY: ${key}" -H "Content-Type: application/json" "${address}/users/$INSTANCE_USER/reset_key/"`;
  const whose = `curl -sw '\\n' -H "X-API-KEY: $INSTANCE_KEY" -H "X-USER-KEY: $USER_KEY" "${address}/user/"`;
  return [
    "# The keys of an instance's users. First these, good until --fresh:",
    `export BASE='${worker}'`,
    `export INSTANCE='${name}'`,
    `export INSTANCE_KEY='${apiKey}'`,
    `export ACCOUNT_KEY='${accountKey}'`,
    `export INSTANCE_USER='${user}'`,
    // Where the Python client looks by itself.
    `export SYNCANO_APIROOT="$BASE"`,
    `export SYNCANO_INSTANCE="$INSTANCE"`,
    ...paragraphs([
      ["A user's key has leaked: a new one, shown this once", `curl ${reset("$INSTANCE_KEY")}`],
      [
        "Another one, to go on with",
        `USER_KEY=$(curl -s ${reset("$INSTANCE_KEY")} | sed 's/.*"user_key":"\\([0-9a-f]*\\)".*/\\1/')`,
      ],
      ["Whose key is it?", whose],
      ["The holder of an account key may reset it too", `curl ${reset("$ACCOUNT_KEY")}`],
      ["From now on the old one is refused", whose],
    ]),
  ].join("\n");
}

/** @param {string[][]} examples a title and a line each */
export const paragraphs = (examples) => examples.flatMap(([title, line]) => [`\n# ${title}`, line]);
