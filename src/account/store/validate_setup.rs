//! Turns the second factor on by its first code, or counts the rejection of one.

use super::change::{execute_notified, insert_notice};
use super::code_attempt::{
    CheckedTotp, CodeAttempt, CodeKind, CodeOutcome, FollowUp, locked_until, lockout_args,
};
use crate::account::{AuditContext, Notice};
use crate::db::{Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::audit;

// A second factor that is on is replaced where it was proved: in another way (?11), or by a code of this
// request, earlier in the batch.
// ?1 user, ?2 pending secret as it was read, ?3 now, ?4 the code's step or NULL, ?5 request,
// ?6 the secret sealed for the user, ?7 to ?10 lockout_args, ?11
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
  AND (secret_sealed IS NULL OR ?4 IS NULL OR ?11 OR accepted_by = ?5)
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

/// The validation of a set-up, and what tells of the second factor that it turns on.
#[derive(Debug)]
pub struct SetupValidation<'a> {
    /// A first code, checked against the pending secret.
    pub setup: CheckedTotp<'a>,
    pub entry: audit::Entry,
    pub notice: Notice,
}

impl SetupValidation<'_> {
    fn statement(&self, audit: &AuditContext, is_proved: bool) -> Statement {
        let setup = &self.setup;
        let args = [
            (&audit.user).into(),
            setup.read.into(),
            audit.at.into(),
            setup.step.into(),
            (&audit.origin.request_id).into(),
            setup.resealed.into(),
        ];
        let args = args.into_iter().chain(lockout_args());
        Statement::new(VALIDATE, args.chain([is_proved.into()]))
    }
}

/// `may_replace`: whether a second factor that is on may be replaced without a code of it.
pub async fn validate_setup(
    database: &Database,
    attempt: &CodeAttempt<'_>,
    validation: &SetupValidation<'_>,
    may_replace: bool,
) -> Result<CodeOutcome, DatabaseError> {
    let user = attempt.user();
    let validate = validation.statement(attempt.audit, may_replace);
    let entry = audit_json([&validation.entry])?;
    let audit = [entry, user.into(), attempt.request().into()];
    let mut batch = Batch::new();
    let attempted = attempt.push(&mut batch, CodeKind::Totp, "codes of a set-up", validate)?;
    batch.execute(Statement::new(AUDIT_IF_ACCEPTED, audit));
    batch.execute(insert_notice(&validation.notice));
    let lock = Statement::new(TOTP_LOCK, [user.into(), validation.setup.read.into()]);
    let run = attempt.run(database, batch, attempted, FollowUp::Nothing, lock);
    run.await
}

/// Turns the set-up on in place of the second factor of which a code of this request was accepted, earlier in
/// the batch.
pub(super) fn push_validation_if_accepted(
    batch: &mut Batch,
    audit: &AuditContext,
    validation: &SetupValidation<'_>,
) -> Result<(), DatabaseError> {
    let validate = validation.statement(audit, false);
    execute_notified(batch, validate, &validation.entry, [&validation.notice])
}
