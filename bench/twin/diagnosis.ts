// What support sees of a user.

import { findUser, type UserRow } from "./database";
import type { Bindings } from "./env";
import { listUsers } from "./threedeye";

const SAMPLES = 5;

export async function diagnose(env: Bindings, userId: string) {
  const probe = listUsers(env).then(
    (users) => ({ users, error: null }),
    (error: Error) => ({ users: undefined, error: error.message }),
  );
  const [row, { users, error }] = await Promise.all([findUser(env.DB, userId), probe]);
  const email = row.email?.trim().toLowerCase();
  const match = users?.find((user) => user.email.toLowerCase() === email);
  const others = users?.filter((user) => user !== match).slice(0, SAMPLES) ?? [];
  return {
    userId,
    user: { found: row.uuid !== null, email: row.email },
    mapping: {
      found: row.state !== null,
      threedeyeUserId: row.threedeye_id,
      hasPassword: row.password_sealed !== null,
      createdAt: iso(row.created_at),
      remoteAccountExists: users && row.threedeye_id ? users.some(({ id }) => id === row.threedeye_id) : null,
      state: row.state,
      attempts: row.attempts ?? 0,
      reason: row.error_code,
      lastError: row.last_error,
      nextAttemptAt: iso(row.next_attempt_at),
      takenOver: row.taken_over_email !== null,
    },
    recovery: { found: row.role_ids !== null, roleIds: row.role_ids === null ? [] : JSON.parse(row.role_ids) },
    remote: {
      configured: true,
      customerId: env.THREEDEYE_CUSTOMER_ID,
      customerUserCount: users?.length ?? null,
      emailPresentInCustomer: users && email ? match !== undefined : null,
      match: match ? { id: match.id, email: match.email, roleCount: match.roles.length } : null,
      sampleEmails: others.map(({ email }) => email.replace(/^(.).*@/, "$1***@")),
      error,
    },
    next: nextStep(row, Date.now()),
  };
}

/** What happens next, and by whom. */
function nextStep({ state, due_at, holder }: UserRow, now: number) {
  const next = (act: string, at: number | null = null) => ({
    act,
    at: iso(at),
    otherUserId: act === "needs_data" ? holder : null,
  });
  if (state === "quarantined" || state === "left_in_place") return next("needs_support");
  if (state === "set_aside" || (state === null && holder)) return next("needs_data");
  if (state === "complete" || due_at === null) return next("none");
  if (due_at > now) return next("wait", due_at);
  return next(state === "attaching" ? "attach_roles" : "create", due_at);
}

const iso = (millis: number | null) => (millis === null ? null : new Date(millis).toISOString());
