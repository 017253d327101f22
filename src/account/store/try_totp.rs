//! Accepts a code of the authenticator, or counts its rejection.

use super::code_attempt::{
    CheckedTotp, CodeAttempt, CodeKind, CodeOutcome, FollowUp, locked_until, lockout_args,
    setup_can_be_validated,
};
use crate::db::{Batch, Database, DatabaseError, Statement};

// Only a step after the last accepted one is accepted (RFC 6238, section 5.2).
// ?1 user, ?2 secret as it was read, ?3 now, ?4 the code's step or NULL, ?5 request,
// ?6 secret under the current key, ?7 to ?10 lockout_args, ?11 set-up that replaces it or NULL
const TRY_TOTP: &str = concat!(
    "
UPDATE second_factors SET
  secret_sealed = iif(?4 > last_step, ?6, secret_sealed),
  last_step = iif(?4 > last_step, ?4, last_step),
  totp_failures = iif(?4 > last_step, 0, totp_failures + 1),
  totp_locked_until = iif(?4 > last_step, 0, ",
    locked_until!("totp_failures", now "?3", threshold "?7", first "?8", max "?9"),
    "),
  accepted_by = iif(?4 > last_step, ?5, accepted_by)
WHERE user_id = ?1 AND secret_sealed = ?2 AND totp_locked_until <= ?3 AND totp_failures < ?10
  AND ",
    setup_can_be_validated!("?11", now "?3", most "?10"),
    "
RETURNING accepted_by IS ?5 AS accepted"
);

const TOTP_LOCK: &str = "
SELECT totp_failures AS failures, totp_locked_until AS until
FROM second_factors WHERE user_id = ?1";

pub async fn try_totp(
    database: &Database,
    attempt: &CodeAttempt<'_>,
    code: &CheckedTotp<'_>,
    follow_up: FollowUp<'_>,
) -> Result<CodeOutcome, DatabaseError> {
    let args = [
        attempt.user().into(),
        code.read.into(),
        attempt.audit.at.into(),
        code.step.into(),
        attempt.request().into(),
        code.resealed.into(),
    ];
    let args = args.into_iter().chain(lockout_args());
    let try_totp = Statement::new(TRY_TOTP, args.chain([follow_up.setup()]));
    let mut batch = Batch::new();
    let what = "codes of the authenticator";
    let attempted = attempt.push(&mut batch, CodeKind::Totp, what, try_totp)?;
    let lock = Statement::new(TOTP_LOCK, [attempt.user().into()]);
    let run = attempt.run(database, batch, attempted, follow_up, lock);
    run.await
}
