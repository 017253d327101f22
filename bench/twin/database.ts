// All SQL, over the tables of the Rust Worker's migrations.

import type { KeyRow } from "./auth";
import { type D1Database, given } from "./env";

export interface UserRow {
  uuid: string | null;
  email: string | null;
  auth_subject: string | null;
  state: string | null;
  threedeye_id: string | null;
  password_sealed: string | null;
  attempts: number | null;
  error_code: string | null;
  last_error: string | null;
  due_at: number | null;
  holder: string | null;
  next_attempt_at: number | null;
  taken_over_email: string | null;
  created_at: number | null;
  role_ids: string | null;
}

const USER = `
SELECT u.uuid, u.email, u.auth_subject, t.state, t.threedeye_id, t.password_sealed,
       t.attempts, t.error_code, t.last_error, t.next_attempt_at, t.taken_over_email, t.created_at,
       r.role_ids, p.due_at,
       (SELECT user_id FROM threedeye_users WHERE email_key = u.email_key AND user_id <> u.uuid) AS holder
FROM (SELECT ?1 AS id) q
LEFT JOIN users u ON u.uuid = q.id
LEFT JOIN threedeye_users t ON t.user_id = q.id
LEFT JOIN threedeye_recovery r ON r.user_id = q.id
LEFT JOIN provisioning_queue p ON p.user_id = q.id`;

const KEY = `
SELECT scopes, user_id FROM api_keys
WHERE key_hash = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)`;

export const findKey = (db: D1Database, hash: string) => db.prepare(KEY).bind(hash, Date.now());

export const findUser = async (db: D1Database, id: string) => given(await db.prepare(USER).bind(id).first<UserRow>());

/** Both in one round trip. */
export async function findUserAndKey(db: D1Database, id: string, hash: string): Promise<[UserRow, KeyRow | undefined]> {
  const [user, key] = await db.batch<UserRow & KeyRow>([db.prepare(USER).bind(id), findKey(db, hash)]);
  return [given(user?.results[0]), key?.results[0]];
}

export interface MissingRow {
  uuid: string;
  email_key: string;
}

/** Users with an e-mail and no account yet. */
export async function findMissing(db: D1Database, limit: number): Promise<MissingRow[]> {
  const { results } = await db
    .prepare(
      `SELECT u.uuid, u.email_key FROM users u
       LEFT JOIN threedeye_users t ON t.user_id = u.uuid
       WHERE u.email_key IS NOT NULL AND t.user_id IS NULL
       ORDER BY u.created_at LIMIT ?1`,
    )
    .bind(limit)
    .all<MissingRow>();
  return results;
}

export interface Account {
  userId: string;
  email: string;
  threedeyeId: string;
  sealed: string;
}

/** Writes accounts down, in one round trip. @returns how many users still have none */
export async function saveAccounts(db: D1Database, accounts: Account[]): Promise<number> {
  const now = Date.now();
  const insert = db.prepare(
    `INSERT INTO threedeye_users (user_id, state, email_key, threedeye_id, password_sealed, created_at, updated_at)
     VALUES (?1, 'complete', ?2, ?3, ?4, ?5, ?5)`,
  );
  const count = db.prepare(
    `SELECT count(*) AS remaining FROM users u LEFT JOIN threedeye_users t ON t.user_id = u.uuid
     WHERE u.email_key IS NOT NULL AND t.user_id IS NULL`,
  );
  const inserts = accounts.map(({ userId, email, threedeyeId, sealed }) => insert.bind(userId, email, threedeyeId, sealed, now));
  const results = await db.batch<{ remaining: number }>([...inserts, count]);
  return given(results.at(-1)?.results[0]).remaining;
}
