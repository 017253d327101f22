// What the developer can paste once everything runs.

import { EXAMPLES } from "../seed.mjs";

/**
 * @param {{worker: string, adminKey: string, adminToken: string, userToken: string}} access
 * @returns {string}
 */
export function curlLines({ worker, adminKey, adminToken, userToken }) {
  const admin = `-H "X-Admin-API-Key: $KEY" -H "Authorization: Bearer $JWT"`;
  const json = `-H 'Content-Type: application/json'`;
  const { fresh, stuck, orphan } = EXAMPLES;
  const diagnose = (/** @type {{uuid: string}} */ user) => `curl -sw '\\n' ${admin} ${worker}/admin/threedeye/users/${user.uuid}`;
  const examples = [
    ["Is it well?", `curl -sw '\\n' ${worker}/health`],
    ["Diagnostics of a user who has no account yet", diagnose(fresh)],
    ["… of one who is stuck: the account exists, its password is unknown", diagnose(stuck)],
    ["… of an orphan: the e-mail is taken in another customer", diagnose(orphan)],
    [
      "Reset the stuck user, keep the camera roles, provision anew",
      `curl -sw '\\n' -X POST ${admin} ${json} -d '{"deleteRemote":true,"preserveRoles":true,"reprovision":true}' ${worker}/admin/threedeye/users/${stuck.uuid}/reset`,
    ],
    ["What would a backfill do?", `curl -sw '\\n' -X POST ${admin} '${worker}/admin/backfill-threedeye?limit=50&dryRun=true'`],
    ["Do it for five users", `curl -sw '\\n' -X POST ${admin} '${worker}/admin/backfill-threedeye?limit=5'`],
    ["The runs so far", `curl -sw '\\n' ${admin} '${worker}/admin/threedeye/backfill/runs?limit=5'`],
    ["Credentials, asked by support", `curl -sw '\\n' ${admin} ${worker}/users/${fresh.uuid}/3deye-credentials`],
    ["Credentials, asked by the user", `curl -sw '\\n' -H "Authorization: Bearer $USER_JWT" ${worker}/users/${fresh.uuid}/3deye-credentials`],
    [
      "An API key for another service",
      `curl -sw '\\n' -X POST ${admin} ${json} -d '{"scopes":["threedeye:read"],"label":"demo"}' ${worker}/admin/api-keys`,
    ],
    ["The API keys", `curl -sw '\\n' ${admin} ${worker}/admin/api-keys`],
  ];
  return [
    "# First these, they are good for 12 hours:",
    `KEY='${adminKey}'`,
    `JWT='${adminToken}'`,
    `USER_JWT='${userToken}'`,
    ...examples.flatMap(([title, line]) => [`\n# ${title}`, line]),
  ].join("\n");
}
