//! The statements of provisioning.
//!
//! Exclusion comes from the lease token in every WHERE: an actor whose lease
//! was taken over matches no row any more.
//!
//! What a run does to every user is written to read few rows. A search that
//! finds nothing is free; an element of `json_each`, a row found, a row of
//! RETURNING and a row that SQLite puts aside in a table of its own are one each.

use crate::db::audit_rows;

pub const DOSSIER: &str = "
SELECT q.id AS requested,
       u.uuid, u.email, u.email_key AS user_email_key, u.auth_subject,
       t.state, t.email_key AS intent_email, t.threedeye_id, t.password_sealed, t.attempts,
       t.last_error, t.next_attempt_at, t.lease_until, t.created_at AS mapped_at, t.settled_at,
       t.forgotten_email, t.forgotten_threedeye_id, t.forgotten_password,
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
pub const DUE: &str = candidates!(
    "
FROM provisioning_queue q
LEFT JOIN threedeye_users s ON s.user_id = q.user_id
WHERE q.due_at <= ?1 AND coalesce(s.lease_until, 0) <= ?1
ORDER BY q.due_at, q.user_id
LIMIT ?2"
);

// ?1 what is expected to be found, ?2 token, ?3 until, ?4 now, ?5 as in CLAIM.
// Whoever is not found so, in every column that the claim would read back, is
// left to CLAIM; a row where there was none holds another password than the one
// that is offered. IN finds in an index without a read, EXISTS misses without one.
// OR IGNORE: an e-mail that another user holds by now.
pub const CLAIM_LISTED: &str = "
INSERT OR IGNORE INTO threedeye_users
  (user_id, state, email_key, password_sealed, threedeye_id, attempts, settled_at,
   forgotten_email, forgotten_threedeye_id, forgotten_password,
   lease_token, lease_until, created_at, updated_at)
SELECT value ->> 'user', coalesce(value ->> 'state', 'pending'), value ->> 'email',
       value ->> 'password', value ->> 'id', value ->> 'attempts', value ->> 'settled',
       value ->> 'forgotten_email', value ->> 'forgotten_id', value ->> 'forgotten_password',
       ?2, ?3, ?4, ?4
FROM json_each(?1)
WHERE (value ->> 'user', value ->> 'email') IN (SELECT user_id, email_key FROM provisioning_queue)
  AND (value ->> 'state' IS NULL OR value ->> 'user' IN (SELECT user_id FROM threedeye_users))
  AND CASE WHEN value ->> 'roles' IS NULL
    THEN NOT EXISTS (SELECT 1 FROM threedeye_recovery r WHERE r.user_id = value ->> 'user')
    ELSE (value ->> 'user', value ->> 'roles') IN (SELECT user_id, role_ids FROM threedeye_recovery)
    END
  AND CASE WHEN value ->> 'removed' IS NULL
    THEN NOT EXISTS (SELECT 1 FROM threedeye_removals r WHERE r.email_key = value ->> 'email')
    ELSE (value ->> 'removed', value ->> 'email')
      IN (SELECT removed_at, email_key FROM threedeye_removals) END
ON CONFLICT (user_id) DO UPDATE SET
  state = CASE state WHEN 'idle' THEN 'pending' ELSE state END,
  email_key = excluded.email_key,
  password_sealed = excluded.password_sealed,
  settled_at = excluded.settled_at,
  lease_token = excluded.lease_token,
  lease_until = excluded.lease_until,
  updated_at = excluded.updated_at
WHERE lease_until <= ?4 AND state = excluded.state
  AND CASE state WHEN 'idle'
    THEN email_key IS NULL AND password_sealed IS NULL AND NOT EXISTS (
      SELECT 1 FROM threedeye_users o
      WHERE o.email_key = excluded.email_key AND o.state <> 'set_aside')
    ELSE email_key = excluded.email_key AND password_sealed = excluded.password_sealed END
  AND threedeye_id IS excluded.threedeye_id AND attempts = excluded.attempts
  AND iif(lease_token IS NULL, settled_at, max(settled_at, lease_until + ?5)) = excluded.settled_at
  AND forgotten_email IS excluded.forgotten_email
  AND forgotten_threedeye_id IS excluded.forgotten_threedeye_id
  AND forgotten_password IS excluded.forgotten_password";

// Comes right after CLAIM_LISTED. ?1 all bids, ?2 token, ?3 how many were
// expected: where that many rows came of them, there is nobody to look for.
pub const REFUSED_LISTED: &str = "
SELECT value ->> 'u' AS user_id FROM json_each(iif(changes() < ?3, ?1, '[]'))
WHERE NOT EXISTS (
  SELECT 1 FROM threedeye_users t WHERE t.user_id = value ->> 'u' AND t.lease_token = ?2
)";

// ?1 bids [{u, p}], ?2 token, ?3 until, ?4 now, ?5 how long what a dead holder
// has sent may take effect after its lease, in milliseconds. Comes after
// CLAIM_LISTED and what only reads: whom that has claimed is held by now, and
// where it has claimed as many as ?6, only ?7 is left, the bids it was not for.
// Of two bids for one e-mail the first gets it: OR IGNORE and the last condition
// see what this very statement has written, which NOT EXISTS in the SELECT does not.
pub const CLAIM: &str = "
INSERT OR IGNORE INTO threedeye_users
  (user_id, state, email_key, password_sealed, lease_token, lease_until, created_at, updated_at)
SELECT u.uuid, 'pending', u.email_key, b.value ->> 'p', ?2, ?3, ?4, ?4
FROM json_each(iif(changes() < ?6, ?1, ?7)) b
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
  settled_at = iif(lease_token IS NULL, settled_at, max(settled_at, lease_until + ?5)),
  lease_token = excluded.lease_token,
  lease_until = excluded.lease_until,
  updated_at = excluded.updated_at
WHERE lease_until <= ?4 AND (state = 'idle' OR state = 'pending' OR state = 'attaching')
  AND (email_key IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM threedeye_users o
    WHERE o.email_key = excluded.email_key AND o.state <> 'set_aside'
  ))
RETURNING user_id, (SELECT u.email_key FROM users u WHERE u.uuid = user_id) AS email,
          email_key AS intent_email, password_sealed, threedeye_id, state, attempts,
          (SELECT r.role_ids FROM threedeye_recovery r
           WHERE r.user_id = threedeye_users.user_id) AS role_ids,
          settled_at, forgotten_email, forgotten_threedeye_id, forgotten_password,
          (SELECT r.removed_at FROM users u JOIN threedeye_removals r ON r.email_key = u.email_key
           WHERE u.uuid = threedeye_users.user_id) AS email_removed_at,
          (SELECT r.removed_at FROM threedeye_removals r
           WHERE r.email_key = threedeye_users.email_key) AS intent_removed_at";

// ?1 e-mails, ?2 now. Comes right after the audit row of a change, and only if that wrote.
pub const NOTE_REMOVALS: &str = "
INSERT INTO threedeye_removals (email_key, removed_at)
SELECT value, ?2 FROM json_each(?1) WHERE changes() > 0
ON CONFLICT (email_key) DO UPDATE SET removed_at = excluded.removed_at";

pub const REMOVED_AT: &str = "SELECT removed_at FROM threedeye_removals WHERE email_key = ?1";

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
  next_attempt_at = NULL,
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

// ?1 settlements, ?2 token, ?3 now. What is done with each is in the trigger
// on this view.
pub const SETTLE: &str = "
INSERT INTO provisioning_outcomes
  (user_id, lease_token, at, state, threedeye_id, email_key, error, next_attempt_at, settled_at, due_at,
   success, attempt, forget, closes, actor, action, outcome, request_id)
SELECT value ->> 'user', ?2, ?3, value ->> 'state', value ->> 'id', value ->> 'email',
       value ->> 'error', value ->> 'next', value ->> 'settled', value ->> 'due', value ->> 'success',
       value ->> 'attempt', value ->> 'forget', value ->> 'closes', value ->> 'actor',
       value ->> 'action', value ->> 'outcome', value ->> 'request'
FROM json_each(?1)";

pub const UNSETTLED: &str = "
DELETE FROM provisioning_unsettled WHERE lease_token = ?1 RETURNING user_id";

// Only for rows that the token still holds; comes before the statement that
// gives the lease back.
pub const AUDIT_LEASED: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM threedeye_users t
              WHERE t.user_id = value ->> 'subject' AND t.lease_token = ?2)"
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

// ?1 user, ?2 token, ?3 until, ?4 now, ?5 as in CLAIM
pub const SEIZE: &str = "
INSERT INTO threedeye_users (user_id, state, lease_token, lease_until, created_at, updated_at)
VALUES (?1, 'idle', ?2, ?3, ?4, ?4)
ON CONFLICT (user_id) DO UPDATE SET
  settled_at = iif(lease_token IS NULL, settled_at, max(settled_at, lease_until + ?5)),
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

// ?1 user, ?2 token, ?3 e-mail, ?4 account, ?5 password, ?6 now
pub const FORGET_MAPPING: &str = "
UPDATE threedeye_users SET
  state = 'idle', email_key = NULL, threedeye_id = NULL, password_sealed = NULL,
  attempts = 0, last_error = NULL, next_attempt_at = NULL, lease_token = NULL, lease_until = 0,
  forgotten_email = ?3, forgotten_threedeye_id = ?4, forgotten_password = ?5,
  created_at = ?6, updated_at = ?6
WHERE user_id = ?1 AND lease_token = ?2
RETURNING user_id";

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
DELETE FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2 AND state = 'idle' AND forgotten_email IS NULL";

// ?1 user, ?2 token, ?3 until when something may take effect, or 0
pub const GIVE_BACK: &str = "
UPDATE threedeye_users
SET lease_token = NULL, lease_until = 0, settled_at = max(settled_at, ?3)
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
