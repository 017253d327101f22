//! Accepts a backup code, or counts its rejection.

use super::change::execute_notified;
use super::code_attempt::{
    CodeAttempt, CodeKind, CodeOutcome, FollowUp, locked_until, lockout_args,
    setup_can_be_validated,
};
use crate::account::Notice;
use crate::account::lockout::MAX_CONSECUTIVE_FAILURES;
use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Action;

// ?1 user, ?2 hashes of the code (JSON), ?3 now, ?4 request, ?5 MAX_CONSECUTIVE_FAILURES,
// ?6 set-up that replaces the second factor or NULL
const USE_CODE: &str = concat!(
    "
UPDATE backup_codes SET used_at = ?3, used_by = ?4
WHERE user_id = ?1 AND code_hash IN (SELECT value FROM json_each(?2)) AND used_at IS NULL
  AND EXISTS (
    SELECT 1 FROM second_factors
    WHERE user_id = ?1 AND secret_sealed IS NOT NULL
      AND backup_locked_until <= ?3 AND backup_failures < ?5
      AND ",
    setup_can_be_validated!("?6", now "?3", most "?5"),
    "
  )"
);

// Accepts the attempt if USE_CODE marked a code as used by this request, else counts a failure.
// ?1 user, ?2 now, ?3 request, ?4 to ?7 lockout_args, ?8 set-up that replaces the second factor or NULL
const SETTLE: &str = concat!(
    "
UPDATE second_factors SET
  backup_failures = iif(is_used, 0, backup_failures + 1),
  backup_locked_until = iif(is_used, 0, ",
    locked_until!("backup_failures", now "?2", threshold "?4", first "?5", max "?6"),
    "),
  accepted_by = iif(is_used, ?3, accepted_by)
FROM (SELECT EXISTS (
  SELECT 1 FROM backup_codes WHERE user_id = ?1 AND used_by = ?3
) AS is_used)
WHERE user_id = ?1 AND secret_sealed IS NOT NULL
  AND backup_locked_until <= ?2 AND backup_failures < ?7
  AND ",
    setup_can_be_validated!("?8", now "?2", most "?7"),
    "
RETURNING accepted_by IS ?3 AS accepted"
);

const BACKUP_LOCK: &str = "
SELECT backup_failures AS failures, backup_locked_until AS until
FROM second_factors WHERE user_id = ?1";

/// `hashes` are the code's under each configured key; none for a text that cannot be a code. `notice` tells of
/// its use.
pub async fn try_backup_code(
    database: &Database,
    attempt: &CodeAttempt<'_>,
    hashes: &[String],
    notice: &Notice,
    follow_up: FollowUp<'_>,
) -> Result<CodeOutcome, DatabaseError> {
    let (user, now) = (attempt.user(), attempt.audit.at);
    let use_code = [
        user.into(),
        Arg::json(&hashes)?,
        now.into(),
        attempt.request().into(),
        MAX_CONSECUTIVE_FAILURES.into(),
        follow_up.setup(),
    ];
    let settle = [user.into(), now.into(), attempt.request().into()];
    let settle = settle.into_iter().chain(lockout_args());
    let settle = Statement::new(SETTLE, settle.chain([follow_up.setup()]));
    let entry = attempt.audit.entry(Action::UseBackupCode, "used");
    let mut batch = Batch::new();
    execute_notified(
        &mut batch,
        Statement::new(USE_CODE, use_code),
        &entry,
        [notice],
    )?;
    let attempted = attempt.push(&mut batch, CodeKind::Backup, "backup codes", settle)?;
    let lock = Statement::new(BACKUP_LOCK, [user.into()]);
    let run = attempt.run(database, batch, attempted, follow_up, lock);
    run.await
}
