//! Accepts a backup code, or counts its rejection.

use super::change::execute_notified;
use super::code_attempt::{
    CodeAttempt, CodeKind, CodeOutcome, LockRow, locked_until, lockout_args, outcome, push_attempt,
    push_consequences,
};
use crate::account::Notice;
use crate::account::lockout::MAX_CONSECUTIVE_FAILURES;
use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::audit;

// ?1 user, ?2 hashes of the code (JSON), ?3 now, ?4 request, ?5 MAX_CONSECUTIVE_FAILURES
const USE_CODE: &str = "
UPDATE backup_codes SET used_at = ?3, used_by = ?4
WHERE user_id = ?1 AND code_hash IN (SELECT value FROM json_each(?2)) AND used_at IS NULL
  AND EXISTS (
    SELECT 1 FROM second_factors
    WHERE user_id = ?1 AND secret_sealed IS NOT NULL
      AND backup_locked_until <= ?3 AND backup_failures < ?5
  )";

// Accepts the attempt if USE_CODE marked a code as used by this request, else counts a failure.
// ?1 user, ?2 now, ?3 request, ?4 to ?7 lockout_args
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
RETURNING accepted_by IS ?3 AS accepted"
);

const BACKUP_LOCK: &str = "
SELECT backup_failures AS failures, backup_locked_until AS locked_until
FROM second_factors WHERE user_id = ?1";

/// A backup code as it is looked for.
#[derive(Debug)]
pub struct HashedBackupCode<'a> {
    /// Its hash under each configured key; none for a text that cannot be a code.
    pub hashes: &'a [String],
    /// The audit row and the notice of its use.
    pub entry: &'a audit::Entry,
    pub notice: &'a Notice,
}

pub async fn try_backup_code(
    database: &Database,
    attempt: &CodeAttempt<'_>,
    code: &HashedBackupCode<'_>,
) -> Result<CodeOutcome, DatabaseError> {
    let use_code = [
        attempt.user.into(),
        Arg::json(&code.hashes)?,
        attempt.at.into(),
        attempt.request.into(),
        MAX_CONSECUTIVE_FAILURES.into(),
    ];
    let settle = [
        attempt.user.into(),
        attempt.at.into(),
        attempt.request.into(),
    ];
    let settle = settle.into_iter().chain(lockout_args());
    let mut batch = Batch::new();
    let use_code = Statement::new(USE_CODE, use_code);
    execute_notified(&mut batch, use_code, code.entry, [code.notice])?;
    let attempted = push_attempt(
        &mut batch,
        attempt,
        CodeKind::Backup,
        Statement::new(SETTLE, settle),
    )?;
    push_consequences(&mut batch, attempt)?;
    let lock = batch.push::<LockRow>(Statement::new(BACKUP_LOCK, [attempt.user.into()]));
    let results = database.run(batch).await?;
    outcome(&results, attempted, lock, attempt.at)
}
