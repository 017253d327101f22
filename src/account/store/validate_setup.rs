//! Turns the second factor on by its first code, or counts the rejection of one.

use super::change::insert_notice;
use super::code_attempt::{
    CheckedTotp, CodeAttempt, CodeKind, CodeOutcome, locked_until, lockout_args,
};
use crate::account::Notice;
use crate::db::{Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::audit;

// ?1 user, ?2 pending secret as it was read, ?3 now, ?4 the code's step or NULL, ?5 request,
// ?6 the secret sealed for the user, ?7 to ?10 lockout_args
const VALIDATE: &str = concat!(
    "
UPDATE second_factors SET
  secret_sealed = iif(?4 IS NULL, secret_sealed, ?6),
  enabled_at = iif(?4 IS NULL, enabled_at, ?3),
  last_step = coalesce(?4, last_step),
  pending_sealed = iif(?4 IS NULL, pending_sealed, NULL),
  pending_bound_to = iif(?4 IS NULL, pending_bound_to, NULL),
  pending_until = iif(?4 IS NULL, pending_until, NULL),
  totp_failures = iif(?4 IS NULL, totp_failures + 1, 0),
  totp_locked_until = iif(?4 IS NULL, ",
    locked_until!("totp_failures", now "?3", threshold "?7", first "?8", max "?9"),
    ", 0),
  accepted_by = iif(?4 IS NULL, accepted_by, ?5)
WHERE user_id = ?1 AND pending_sealed = ?2 AND pending_until > ?3
  AND totp_locked_until <= ?3 AND totp_failures < ?10
RETURNING accepted_by IS ?5 AS accepted"
);

// ?1 entry, ?2 user, ?3 request
const AUDIT_IF_ACCEPTED: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?2 AND accepted_by = ?3)"
);

// ?1 user, ?2 pending secret as it was read
const TOTP_LOCK: &str = "
SELECT totp_failures AS failures, totp_locked_until AS until
FROM second_factors WHERE user_id = ?1 AND pending_sealed = ?2";

/// `setup` is a first code, checked against the pending secret. `entry` and `notice` tell of the second factor
/// that it turns on.
pub async fn validate_setup(
    database: &Database,
    attempt: &CodeAttempt<'_>,
    setup: &CheckedTotp<'_>,
    entry: &audit::Entry,
    notice: &Notice,
) -> Result<CodeOutcome, DatabaseError> {
    let user = attempt.user();
    let args = [
        user.into(),
        setup.read.into(),
        attempt.audit.at.into(),
        setup.step.into(),
        attempt.request().into(),
        setup.resealed.into(),
    ];
    let validate = Statement::new(VALIDATE, args.into_iter().chain(lockout_args()));
    let audit = [audit_json([entry])?, user.into(), attempt.request().into()];
    let mut batch = Batch::new();
    let attempted = attempt.push(&mut batch, CodeKind::Totp, "codes of a set-up", validate)?;
    batch.execute(Statement::new(AUDIT_IF_ACCEPTED, audit));
    batch.execute(insert_notice(notice));
    let lock = Statement::new(TOTP_LOCK, [user.into(), setup.read.into()]);
    attempt.run(database, batch, attempted, lock).await
}
