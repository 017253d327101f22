// Row 10: a role is attached to the account that was made, twice, and detached.

import { allUsers } from "../all-users.mjs";
import { isSuccess } from "../reading.mjs";
import { growingWaits } from "./visible.mjs";

/** @typedef {import("../session.mjs").Session} Session @typedef {import("../session.mjs").Outcome} Outcome */

/** An account may be unknown where roles are for so long. */
const PROPAGATION_MS = 8_000;

/** @param {Session} session @param {import("../requests.mjs").Id} userId @param {string} roleId */
export async function seeRole(session, userId, roleId) {
  const { settings } = session;
  const ids = { userId, roleId };
  const attached = await attach(session, ids, Math.min(settings.waitMs, PROPAGATION_MS));
  if (!attached) return;
  const again = await session.call("attachRole", ids, { note: "the same role again" });
  judgeAgain(session, again);
  await seeShown(session, ids);
  await seeDetach(session, ids);
}

/** @typedef {import("../requests.mjs").Attachment} Attachment */

/** @param {Session} session @param {Attachment} ids @param {number} limitMs */
async function attach(session, ids, limitMs) {
  const { findings } = session;
  const waits = growingWaits(limitMs);
  for (let tries = 1; ; tries += 1) {
    const outcome = await session.call("attachRole", ids, { note: "a role" });
    const { name } = outcome.reading;
    if (name === "attached") {
      findings.seen(10, `${outcome.told}${tries > 1 ? `, after 404 for ${tries - 1} times` : ""}`);
      return true;
    }
    const wait = name === "error:not_found" ? waits.next() : { done: true, value: undefined };
    if (wait.done) {
      judgeRefused(session, outcome);
      return false;
    }
    await session.pause(wait.value ?? 0);
  }
}

/** @param {Session} session @param {Outcome} outcome */
function judgeRefused(session, { status, told, headers }) {
  const { findings, dialect } = session;
  if (status === null || status === 429 || status >= 500) return findings.unseen(10, `attaching a role: ${told}`);
  const { method } = dialect.attachRole;
  const allowed = (headers.get("allow") ?? "").split(/\s*,\s*/).find((one) => ["PUT", "PATCH", "POST"].includes(one));
  const expected = `${method} answers 2xx`;
  if (status === 405 && allowed && allowed !== method) {
    // Not gone on with: it is the method alone that the answer tells.
    return session.learn(10, { expected, seen: told, changes: { attachRole: { method: allowed } } });
  }
  const change = `THREEDEYE_DIALECT paths.attachRole, attachRole${status === 404 ? "; or there is no such role" : ""}`;
  findings.differs(10, { expected, seen: told, change });
}

/** @param {Session} session @param {Outcome} outcome */
function judgeAgain(session, { reading, status, told }) {
  const { findings, dialect } = session;
  if (reading.name === "attached") return findings.seen(10, `a role that is attached already: ${told}`);
  if (status === null || status === 429 || status >= 500) return findings.unseen(10, `a role that is attached already: ${told}`);
  const { attachedStatuses } = dialect.attachRole;
  const expected = `2xx or ${attachedStatuses.join(", ")} for a role that is attached already`;
  if (status < 400) return findings.differs(10, { expected, seen: told });
  const changes = { attachRole: { attachedStatuses: [...attachedStatuses, status] } };
  session.learn(10, { expected, seen: told, changes });
}

/** The list shows the role, after a while at most. @param {Session} session @param {Attachment} ids */
async function seeShown(session, { userId, roleId }) {
  const { findings } = session;
  const waits = growingWaits(Math.min(session.settings.waitMs, PROPAGATION_MS));
  for (;;) {
    const { users, trouble } = await allUsers(session, "is the role there?");
    const user = users.get(String(userId));
    if (user?.roles.some((id) => String(id) === String(roleId))) return findings.seen(10, "the list shows the role");
    const wait = waits.next();
    if (wait.done) {
      const expected = "the list shows a role that was attached";
      if (user) findings.differs(10, { expected, seen: "it does not" });
      else findings.unseen(10, `whether the list shows the role: ${trouble || "it does not show the account"}`);
      return;
    }
    await session.pause(wait.value);
  }
}

/** The Worker never detaches a role, so nothing is assumed of it. @param {Session} session @param {Attachment} ids */
async function seeDetach(session, ids) {
  const { findings, dialect } = session;
  const path = dialect.paths.attachRole;
  if (!path.includes("{userId}") || !path.includes("{roleId}")) {
    return findings.unseen(10, "detaching a role: the path does not name both user and role");
  }
  const { status, told } = await session.call("detachRole", ids, { note: "detaching", once: true });
  if (status !== null && isSuccess({ status })) findings.seen(10, `DELETE on the path detaches the role: ${told}`);
  else findings.unseen(10, `detaching a role: DELETE on the path answers ${told}`);
}
