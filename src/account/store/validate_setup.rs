//! Turns the second factor on by its first code, or counts the rejection of one.

use super::change::insert_notice;
use super::code_attempt::{
    CodeAttempt, CodeKind, CodeOutcome, LockRow, locked_until, lockout_args, outcome, push_attempt,
    push_consequences,
};
use crate::account::Notice;
use crate::db::{Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::{Sealed, audit};

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
SELECT totp_failures AS failures, totp_locked_until AS locked_until
FROM second_factors WHERE user_id = ?1 AND pending_sealed = ?2";

/// A first code, checked against the secret of the set-up that was read.
#[derive(Debug)]
pub struct CheckedSetup<'a> {
    /// The pending secret as it was read.
    pub pending: &'a Sealed,
    /// The same secret, sealed for the user.
    pub sealed: &'a Sealed,
    /// The time step that the code belongs to; `None`: the code is wrong.
    pub step: Option<i64>,
    /// The audit row and the notice of the second factor that is turned on.
    pub entry: &'a audit::Entry,
    pub notice: &'a Notice,
}

pub async fn validate_setup(
    database: &Database,
    attempt: &CodeAttempt<'_>,
    setup: &CheckedSetup<'_>,
) -> Result<CodeOutcome, DatabaseError> {
    let args = [
        attempt.user.into(),
        setup.pending.into(),
        attempt.at.into(),
        setup.step.into(),
        attempt.request.into(),
        setup.sealed.into(),
    ];
    let args = args.into_iter().chain(lockout_args());
    let audit = [
        audit_json([setup.entry])?,
        attempt.user.into(),
        attempt.request.into(),
    ];
    let mut batch = Batch::new();
    let attempted = push_attempt(
        &mut batch,
        attempt,
        CodeKind::Totp,
        Statement::new(VALIDATE, args),
    )?;
    batch.execute(Statement::new(AUDIT_IF_ACCEPTED, audit));
    batch.execute(insert_notice(setup.notice));
    push_consequences(&mut batch, attempt)?;
    let lock = batch.push::<LockRow>(Statement::new(
        TOTP_LOCK,
        [attempt.user.into(), setup.pending.into()],
    ));
    let results = database.run(batch).await?;
    outcome(&results, attempted, lock, attempt.at)
}
