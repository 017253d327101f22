// Users by the million, written as fast as D1 takes them.

/** Rows a statement. */
const AT_ONCE = 20_000;
/** One user in so many is not provisioned: it waits out what its last failure imposed on it. */
const WAITING_ONE_IN = 1000;

// Before the users, or each of them would be queued first and taken out again.
const MAPPINGS = `
WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
INSERT INTO threedeye_users
  (user_id, state, email_key, threedeye_id, password_sealed, attempts, next_attempt_at, created_at, updated_at)
SELECT 'crowd-' || i,
       CASE i % ?3 WHEN 0 THEN 'pending' ELSE 'complete' END,
       'crowd-' || i || '@residents.example',
       CASE i % ?3 WHEN 0 THEN NULL ELSE 'crowd-account-' || i END,
       'sealed', i % ?3 = 0, CASE i % ?3 WHEN 0 THEN ?4 END, 1, 1
FROM n`;

const USERS = `
WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
INSERT INTO users (uuid, email, created_at)
SELECT 'crowd-' || i, 'Crowd-' || i || '@residents.example', '2024-01-15T10:30:00.000Z' FROM n`;

const YEAR_MS = 365 * 24 * 3_600_000;

/** Raises the crowd from `from` users to `to`. @param {any} db @param {number} from @param {number} to */
export async function growCrowd(db, from, to) {
  const later = Date.now() + YEAR_MS;
  for (let begin = from; begin < to; begin += AT_ONCE) {
    const end = Math.min(begin + AT_ONCE, to);
    await db.batch([db.prepare(MAPPINGS).bind(begin, end, WAITING_ONE_IN, later), db.prepare(USERS).bind(begin, end)]);
  }
}
