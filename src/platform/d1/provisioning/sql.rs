//! The statements of provisioning.
//!
//! Exclusion comes from the lease token in every WHERE: an actor whose lease
//! was taken over matches no row any more.

pub const DOSSIER: &str = "
SELECT q.id AS requested,
       u.uuid, u.email, u.email_key AS user_email_key, u.auth_subject,
       t.state, t.email_key AS intent_email, t.threedeye_id, t.password_sealed, t.attempts,
       t.last_error, t.next_attempt_at, t.lease_until, t.created_at AS mapped_at,
       r.role_ids,
       EXISTS (SELECT 1 FROM threedeye_users o
               WHERE o.email_key = u.email_key AND o.state <> 'set_aside'
                 AND o.user_id <> q.id) AS contested
FROM (SELECT ?1 AS id) q
LEFT JOIN users u ON u.uuid = q.id
LEFT JOIN threedeye_users t ON t.user_id = q.id
LEFT JOIN threedeye_recovery r ON r.user_id = q.id";

// A user under another actor's lease is passed over, so that two runs at once
// take up different users.
pub const DUE: &str = "
SELECT q.user_id, u.email_key,
       s.password_sealed IS NULL AND EXISTS (
         SELECT 1 FROM threedeye_users o
         WHERE o.email_key = u.email_key AND o.state <> 'set_aside' AND o.user_id <> u.uuid
       ) AS contested
FROM provisioning_queue q
JOIN users u ON u.uuid = q.user_id
LEFT JOIN threedeye_users s ON s.user_id = q.user_id
WHERE q.due_at <= ?1 AND u.email_key IS NOT NULL AND coalesce(s.lease_until, 0) <= ?1
ORDER BY q.due_at, q.user_id
LIMIT ?2";

// ?1 bids [{u, p}], ?2 token, ?3 until, ?4 now. Of two bids for one e-mail the
// first gets it: OR IGNORE and the last condition see what this very statement
// has written, which NOT EXISTS in the SELECT does not.
pub const CLAIM: &str = "
INSERT OR IGNORE INTO threedeye_users
  (user_id, state, email_key, password_sealed, lease_token, lease_until, created_at, updated_at)
SELECT u.uuid, 'pending', u.email_key, b.value ->> 'p', ?2, ?3, ?4, ?4
FROM json_each(?1) b
JOIN users u ON u.uuid = (b.value ->> 'u')
WHERE u.email_key IS NOT NULL AND (
  NOT EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.email_key = u.email_key AND o.state <> 'set_aside' AND o.user_id <> u.uuid)
  OR EXISTS (SELECT 1 FROM threedeye_users s
             WHERE s.user_id = u.uuid AND s.password_sealed IS NOT NULL)
)
ON CONFLICT (user_id) DO UPDATE SET
  state = CASE state WHEN 'idle' THEN 'pending' ELSE state END,
  email_key = coalesce(email_key, excluded.email_key),
  password_sealed = coalesce(password_sealed, excluded.password_sealed),
  lease_token = excluded.lease_token,
  lease_until = excluded.lease_until,
  updated_at = excluded.updated_at
WHERE lease_until <= ?4 AND state IN ('idle', 'pending', 'attaching')
  AND (email_key IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM threedeye_users o
    WHERE o.email_key = excluded.email_key AND o.state <> 'set_aside'
  ))
RETURNING user_id, (SELECT u.email_key FROM users u WHERE u.uuid = user_id) AS email,
          email_key AS intent_email, password_sealed, threedeye_id, state, attempts";

pub const RECOVERIES: &str = "
SELECT user_id, role_ids FROM threedeye_recovery
WHERE user_id IN (SELECT value ->> 'u' FROM json_each(?1))";

// ?1 bids [{u, p}]
pub const REMOVALS: &str = "
SELECT u.uuid AS user_id, r.removed_at
FROM json_each(?1) b
JOIN users u ON u.uuid = (b.value ->> 'u')
JOIN threedeye_removals r ON r.email_key = u.email_key";

// ?1 e-mails, ?2 now, ?3 user, ?4 token, ?5 account that must not be another
// user's, or NULL
pub const NOTE_REMOVALS: &str = "
INSERT INTO threedeye_removals (email_key, removed_at)
SELECT value, ?2 FROM json_each(?1)
WHERE EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?3 AND lease_token = ?4)
  AND NOT EXISTS (SELECT 1 FROM threedeye_users WHERE threedeye_id = ?5 AND user_id <> ?3)
ON CONFLICT (email_key) DO UPDATE SET removed_at = excluded.removed_at";

pub const FORGET_REMOVALS: &str = "DELETE FROM threedeye_removals WHERE removed_at < ?1";

// ?1 user, ?2 token, ?3 now
pub const OPEN_FOR_REMOVAL: &str = "
UPDATE threedeye_users
SET state = CASE WHEN state IN ('complete', 'attaching') THEN 'pending' ELSE state END,
    updated_at = ?3
WHERE user_id = ?1 AND lease_token = ?2
RETURNING user_id";

pub const RESEAL: &str = "
UPDATE threedeye_users SET password_sealed = ?3 WHERE user_id = ?1 AND password_sealed = ?2";

pub const SET_ASIDE: &str = "
INSERT INTO threedeye_users
  (user_id, state, email_key, attempts, last_error, created_at, updated_at)
SELECT u.uuid, 'set_aside', u.email_key, 1, ?2, ?3, ?3
FROM json_each(?1) b
JOIN users u ON u.uuid = b.value
WHERE EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.email_key = u.email_key AND o.state <> 'set_aside' AND o.user_id <> u.uuid)
ON CONFLICT (user_id) DO UPDATE SET
  state = excluded.state,
  email_key = excluded.email_key,
  attempts = attempts + 1,
  last_error = excluded.last_error,
  updated_at = excluded.updated_at
WHERE state = 'idle' AND lease_until <= ?3";

pub const RENEW: &str = "
UPDATE threedeye_users SET lease_until = ?2
WHERE user_id IN (SELECT value FROM json_each(?3)) AND lease_token = ?1
RETURNING user_id";

// ?1 user, ?2 token, ?3 account, ?4 roles, ?5 now
pub const SAVE_RECOVERY: &str = "
INSERT INTO threedeye_recovery (user_id, role_ids, removed_threedeye_id, created_at)
SELECT ?1, ?4, ?3, ?5
WHERE EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)
  AND NOT EXISTS (SELECT 1 FROM threedeye_users WHERE threedeye_id = ?3 AND user_id <> ?1)
ON CONFLICT (user_id) DO UPDATE SET
  role_ids = excluded.role_ids, removed_threedeye_id = excluded.removed_threedeye_id
RETURNING user_id";

pub const LEASE_HELD: &str = "
SELECT user_id FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2";

pub const REPLACE_INTENT: &str = "
UPDATE OR IGNORE threedeye_users
SET state = 'pending', email_key = ?3, password_sealed = ?4, threedeye_id = NULL, updated_at = ?5
WHERE user_id = ?1 AND lease_token = ?2
RETURNING email_key = ?3 AS written";

// ?1 verdicts, ?2 token, ?3 now. OR IGNORE: an account id that another user is
// mapped to leaves this user as it was.
pub const SETTLE: &str = "
UPDATE OR IGNORE threedeye_users SET
  state = coalesce(v.state, threedeye_users.state),
  threedeye_id = CASE WHEN v.forget THEN NULL ELSE coalesce(v.id, threedeye_id) END,
  password_sealed = CASE WHEN v.forget THEN NULL ELSE password_sealed END,
  email_key = coalesce(v.email, email_key),
  attempts = CASE WHEN v.success THEN 0 ELSE attempts + v.attempt END,
  last_error = CASE WHEN v.success OR v.attempt THEN v.error ELSE last_error END,
  next_attempt_at = CASE WHEN v.success OR v.attempt THEN v.next ELSE next_attempt_at END,
  lease_token = NULL,
  lease_until = 0,
  updated_at = ?3
FROM (SELECT value ->> 'user' AS user, value ->> 'state' AS state, value ->> 'id' AS id,
             value ->> 'email' AS email, value ->> 'error' AS error, value ->> 'next' AS next,
             value ->> 'success' AS success, value ->> 'attempt' AS attempt,
             value ->> 'forget' AS forget
      FROM json_each(?1)) v
WHERE threedeye_users.user_id = v.user AND threedeye_users.lease_token = ?2";

// Comes after SETTLE, which closed rows for the e-mail that was claimed. Where
// the user has another by now, or nobody holds the contested one any more, no
// trigger would ever open the row again.
pub const REOPEN_OUTDATED: &str = "
UPDATE threedeye_users SET
  state = CASE state WHEN 'set_aside' THEN 'idle' ELSE 'pending' END,
  email_key = CASE state WHEN 'set_aside' THEN NULL ELSE email_key END
WHERE user_id IN (SELECT value ->> 'user' FROM json_each(?1) WHERE value ->> 'closes')
  AND state IN ('set_aside', 'quarantined')
  AND (
    email_key IS NOT (SELECT u.email_key FROM users u WHERE u.uuid = threedeye_users.user_id)
    OR (state = 'set_aside' AND NOT EXISTS (
      SELECT 1 FROM threedeye_users o
      WHERE o.email_key = threedeye_users.email_key AND o.state <> 'set_aside'
    ))
  )";

// Comes after SETTLE: only where the account was really written down.
pub const DROP_RECOVERIES: &str = "
DELETE FROM threedeye_recovery
WHERE user_id IN (
  SELECT t.user_id FROM json_each(?1) v
  JOIN threedeye_users t ON t.user_id = v.value ->> 'user'
  WHERE v.value ->> 'success' AND t.state = 'complete' AND t.threedeye_id = v.value ->> 'id'
)";

// Comes before SETTLE, which gives the lease back.
pub const MOVE_IN_QUEUE: &str = "
UPDATE provisioning_queue SET due_at = v.due
FROM (SELECT value ->> 'user' AS user, value ->> 'due' AS due FROM json_each(?1)) v
WHERE provisioning_queue.user_id = v.user AND v.due IS NOT NULL
  AND EXISTS (SELECT 1 FROM threedeye_users t WHERE t.user_id = v.user AND t.lease_token = ?2)";

// Only for rows that the token still holds; comes before the statement that
// gives the lease back.
pub const AUDIT_LEASED: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM threedeye_users t
              WHERE t.user_id = value ->> 'subject' AND t.lease_token = ?2)"
);

// The same with ?3, an account that must not be another user's, or NULL.
pub const AUDIT_REMOVAL: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM threedeye_users t
              WHERE t.user_id = value ->> 'subject' AND t.lease_token = ?2)
  AND NOT EXISTS (SELECT 1 FROM threedeye_users o
                  WHERE o.threedeye_id = ?3 AND o.user_id <> value ->> 'subject')"
);

pub const OPEN_RUN: &str = "
INSERT INTO provisioning_runs
  (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at)
VALUES (?1, ?2, ?3, ?4, 'running', ?5, ?6)";

pub const CLOSE_RUN: &str = "
UPDATE provisioning_runs SET
  status = ?2, total = ?3, created = ?4, failed = ?5, skipped = ?6, quarantined = ?7,
  errors = ?8, finished_at = ?9,
  remaining = (SELECT value FROM provisioning_totals WHERE name = 'waiting')
WHERE run_id = ?1
RETURNING remaining AS waiting";

pub const WAITING: &str = "SELECT value AS waiting FROM provisioning_totals WHERE name = 'waiting'";

pub const SEIZE: &str = "
INSERT INTO threedeye_users (user_id, state, lease_token, lease_until, created_at, updated_at)
VALUES (?1, 'idle', ?2, ?3, ?4, ?4)
ON CONFLICT (user_id) DO UPDATE SET
  lease_token = excluded.lease_token, lease_until = excluded.lease_until,
  updated_at = excluded.updated_at
WHERE lease_until <= ?4
RETURNING user_id";

// ?1 user, ?2 accounts [{id, email}]
pub const FOREIGN: &str = "
SELECT a.value ->> 'id' AS threedeye_id FROM json_each(?2) a
WHERE EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.threedeye_id = a.value ->> 'id' AND o.user_id <> ?1)
   OR EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.email_key = a.value ->> 'email' AND o.state <> 'set_aside'
                AND o.user_id <> ?1)";

pub const CLEAR_RECOVERY: &str = "
DELETE FROM threedeye_recovery
WHERE user_id = ?1
  AND EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)
RETURNING user_id";

pub const KEEP_RECOVERY: &str = "
INSERT INTO threedeye_recovery (user_id, role_ids, created_at)
SELECT ?1, ?3, ?4
WHERE EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)
ON CONFLICT (user_id) DO UPDATE SET role_ids = excluded.role_ids";

pub const CLEAR_MAPPING: &str = "
DELETE FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2 RETURNING user_id";

// ?3 forget the account, ?4 now. The lease stays, for what comes after it.
pub const REOPEN_MAPPING: &str = "
UPDATE threedeye_users SET
  state = CASE
    WHEN state = 'set_aside' THEN 'idle'
    WHEN state = 'quarantined' OR (?3 AND state IN ('complete', 'attaching')) THEN 'pending'
    ELSE state
  END,
  email_key = CASE state WHEN 'set_aside' THEN NULL ELSE email_key END,
  threedeye_id = CASE WHEN ?3 THEN NULL ELSE threedeye_id END,
  attempts = 0, last_error = NULL, next_attempt_at = NULL, updated_at = ?4
WHERE user_id = ?1 AND lease_token = ?2
RETURNING user_id";

// Comes before GIVE_BACK: without the lease an idle row tells nothing.
pub const DROP_IDLE: &str = "
DELETE FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2 AND state = 'idle'";

pub const GIVE_BACK: &str = "
UPDATE threedeye_users SET lease_token = NULL, lease_until = 0
WHERE user_id = ?1 AND lease_token = ?2";

// ?1 user, ?2 token, ?3 now. Comes before the lease is given back.
pub const DUE_NOW: &str = "
UPDATE provisioning_queue SET due_at = ?3
WHERE user_id = ?1
  AND EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)";

// Comes after SET_ASIDE: only for those it has set aside.
pub const AUDIT_SET_ASIDE: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM threedeye_users t
              WHERE t.user_id = value ->> 'subject' AND t.state = 'set_aside')"
);
