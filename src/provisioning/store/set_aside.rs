//! Users that wait for an e-mail that another user holds.

use crate::db::{Arg, Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::audit::Entry;
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::Failure;
use crate::provisioning::store::counts::count_set_aside;

// ?1 users, ?2 error, ?3 now, ?4 its code
const SET_ASIDE: &str = "
INSERT INTO threedeye_users
  (user_id, state, email_key, attempts, last_error, error_code, created_at, updated_at)
SELECT u.uuid, 'set_aside', u.email_key, 1, ?2, ?4, ?3, ?3
FROM json_each(?1) b
JOIN users u ON u.uuid = b.value
WHERE EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.email_key = u.email_key AND o.password_sealed IS NOT NULL AND o.user_id <> u.uuid)
ON CONFLICT (user_id) DO UPDATE SET
  state = excluded.state,
  email_key = excluded.email_key,
  attempts = attempts + 1,
  last_error = excluded.last_error,
  error_code = excluded.error_code,
  next_attempt_at = NULL,
  updated_at = excluded.updated_at
WHERE state = 'idle' AND lease_until <= ?3";

// Tells only of those whom SET_ASIDE set aside, which therefore comes first.
const AUDIT: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM threedeye_users t
              WHERE t.user_id = value ->> 'subject' AND t.state = 'set_aside')"
);

/// Records that users without an intent wait for the e-mail that others hold. A user that got the
/// e-mail in the meantime is left alone.
pub async fn set_aside(
    database: &Database,
    users: &[UserId],
    now: Timestamp,
    entries: &[Entry],
) -> Result<(), DatabaseError> {
    let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let mut batch = Batch::new();
    batch.execute(Statement::new(
        SET_ASIDE,
        [
            Arg::json(&ids)?,
            Failure::Duplicate.to_string().into(),
            now.into(),
            Failure::Duplicate.code().into(),
        ],
    ));
    batch.execute(Statement::new(AUDIT, [audit_json(entries)?]));
    batch.execute(count_set_aside(Arg::json(&ids)?, now));
    database.run(batch).await.map(|_| ())
}
