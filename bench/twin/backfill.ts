// Makes the accounts that are missing, six at a time.

import { type Account, findMissing, saveAccounts } from "./database";
import type { Bindings } from "./env";
import { newPassword, type Sealer } from "./sealing";
import { createUser, listUsers } from "./threedeye";

/** The platform's limit of outgoing connections. */
const CONCURRENCY = 6;

export async function backfill(env: Bindings, sealer: Sealer, limit: number) {
  const missing = await findMissing(env.DB, limit);
  const errors: string[] = [];
  if (missing.length === 0) return answer(0, 0, errors, 0);
  const taken = new Set((await listUsers(env)).map(({ email }) => email.toLowerCase()));
  const made: Account[] = [];
  await pooled(missing, CONCURRENCY, async ({ uuid, email_key: email }) => {
    if (taken.has(email)) {
      errors.push(`${uuid}: the e-mail has an account already`);
      return;
    }
    try {
      made.push(await createAccount(env, sealer, uuid, email));
    } catch (error) {
      errors.push(`${uuid}: ${error instanceof Error ? error.message : "failed"}`);
    }
  });
  const remaining = await saveAccounts(env.DB, made);
  return answer(missing.length, made.length, errors, remaining);
}

export async function createAccount(env: Bindings, sealer: Sealer, userId: string, email: string): Promise<Account> {
  const password = newPassword();
  const sealed = await sealer.seal("3deye-password", userId, password);
  return { userId, email, threedeyeId: await createUser(env, email, password), sealed };
}

const answer = (total: number, created: number, errors: string[], remaining: number) => ({
  success: true,
  total,
  created,
  failed: errors.length,
  errors,
  remaining,
});

/** Works on all of them, so many at once. */
async function pooled<T>(items: T[], size: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(size, items.length) }, worker));
}
