//! Codes of a second factor: accepted or counted, in one statement.

use serde::Deserialize;

use crate::account::lockout::{FAILURES_BEFORE_LOCK, FIRST_LOCK, LONGEST_LOCK, MOST_FAILURES};
use crate::account::{Lock, Notice};
use crate::db::DatabaseError;
use crate::db::audit_rows;
use crate::db::{Answers, Arg, Database, Statement};
use crate::db::{audit_change, audit_json};
use crate::kernel::audit;
use crate::kernel::{RequestId, Sealed, Timestamp, UserId};

use crate::account::store::disable::Disabling;
use crate::account::store::notices::notice_change;
use crate::account::store::touch::{Touch, touch};

// Accepts a code that is newer than every one before it, or counts a refusal.
// ?1 user, ?2 secret as it was read, ?3 now, ?4 the code's step or NULL, ?5 request,
// ?6 the secret under the current key, ?7 to ?10 lock-out
const TRY_TOTP: &str = concat!(
    "
UPDATE second_factors SET
  secret_sealed = iif(?4 > last_step, ?6, secret_sealed),
  last_step = iif(?4 > last_step, ?4, last_step),
  totp_failures = iif(?4 > last_step, 0, totp_failures + 1),
  totp_locked_until = iif(?4 > last_step, 0, ",
    locked_until!("totp_failures"),
    "),
  accepted_by = iif(?4 > last_step, ?5, accepted_by)
WHERE user_id = ?1 AND secret_sealed = ?2 AND totp_locked_until <= ?3 AND totp_failures < ?10
RETURNING totp_failures AS failures, totp_locked_until AS locked_until,
          accepted_by IS ?5 AS accepted"
);

const TOTP_LOCK: &str = "
SELECT totp_failures AS failures, totp_locked_until AS locked_until
FROM second_factors WHERE user_id = ?1";

// ?1 user, ?2 hashes of the code as JSON, ?3 now, ?4 request, ?5 the most failures
const USE_CODE: &str = "
UPDATE backup_codes SET used_at = ?3, used_by = ?4
WHERE user_id = ?1 AND code_hash IN (SELECT value FROM json_each(?2)) AND used_at IS NULL
  AND EXISTS (
    SELECT 1 FROM second_factors
    WHERE user_id = ?1 AND secret_sealed IS NOT NULL
      AND backup_locked_until <= ?3 AND backup_failures < ?5
  )";

// Settles what the statement above did, or did not do. The numbers of TRY_TOTP.
const SETTLE_BACKUP: &str = concat!(
    "
UPDATE second_factors SET
  backup_failures = iif(used, 0, backup_failures + 1),
  backup_locked_until = iif(used, 0, ",
    locked_until!("backup_failures"),
    "),
  accepted_by = iif(used, ?5, accepted_by)
FROM (SELECT EXISTS (
  SELECT 1 FROM backup_codes WHERE user_id = ?1 AND used_by = ?5
) AS used)
WHERE user_id = ?1 AND secret_sealed IS NOT NULL
  AND backup_locked_until <= ?3 AND backup_failures < ?10
RETURNING backup_failures AS failures, backup_locked_until AS locked_until,
          accepted_by IS ?5 AS accepted"
);

const BACKUP_LOCK: &str = "
SELECT backup_failures AS failures, backup_locked_until AS locked_until
FROM second_factors WHERE user_id = ?1";

// Come right after the statement that counted: ?2 user, ?3 failures before a lock
const AUDIT_TOTP_LOCK: &str = audit_rows!(
    "WHERE changes() > 0
       AND EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?2 AND totp_failures >= ?3)"
);
const AUDIT_BACKUP_LOCK: &str = audit_rows!(
    "WHERE changes() > 0
       AND EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?2 AND backup_failures >= ?3)"
);

// ?2 user, ?3 request
const AUDIT_ACCEPTED: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?2 AND accepted_by = ?3)"
);

/// Somebody presents a code.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// For whose second factor.
    pub user: &'a UserId,
    /// When.
    pub at: Timestamp,
    /// In which request.
    pub request: &'a RequestId,
    /// The audit row of a lock, should it come to that.
    pub lock_entry: &'a audit::Entry,
    /// Whether an accepted code turns the second factor off at once.
    pub disabling: Option<&'a Disabling>,
    /// The API key by which it was presented.
    pub key: Touch<'a>,
}

/// A code of the authenticator.
#[derive(Debug)]
pub struct TotpAttempt<'a> {
    /// The secret as it was read.
    pub sealed: &'a Sealed,
    /// The same secret under the current key.
    pub resealed: &'a Sealed,
    /// The time step that the code is of; `None`: it is wrong.
    pub step: Option<i64>,
}

/// A backup code.
#[derive(Debug)]
pub struct BackupAttempt<'a> {
    /// Its keyed hashes; none for what is no code at all.
    pub hashes: &'a [String],
    /// The audit row of its use.
    pub entry: &'a audit::Entry,
    /// The notice of its use.
    pub notice: &'a Notice,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The code is accepted, and will never be again.
    Accepted,
    /// It is not, and that counts.
    Refused,
    /// Nothing is looked at for so many seconds.
    Locked(u64),
    /// The secret is not what it was when it was read: replaced, validated or turned off.
    Gone,
}

/// The lock-out's figures, `?7` to `?10`: failures before a lock, the first and the longest lock in
/// milliseconds, the most failures.
pub(crate) fn lockout_args() -> [Arg; 4] {
    let millis =
        |wait: std::time::Duration| Arg::Int(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
    [
        FAILURES_BEFORE_LOCK.into(),
        millis(FIRST_LOCK),
        millis(LONGEST_LOCK),
        MOST_FAILURES.into(),
    ]
}

impl Attempt<'_> {
    pub(crate) fn audit_totp_lock(&self) -> Result<Statement, DatabaseError> {
        self.audit_lock(AUDIT_TOTP_LOCK)
    }

    fn audit_lock(&self, sql: &'static str) -> Result<Statement, DatabaseError> {
        let args = [
            audit_json([self.lock_entry])?,
            self.user.as_str().into(),
            FAILURES_BEFORE_LOCK.into(),
        ];
        Ok(Statement::new(sql, args))
    }

    /// What comes after a try, whatever came of it.
    fn afterwards(&self) -> Result<Vec<Statement>, DatabaseError> {
        let mut statements = match self.disabling {
            Some(disabling) => disabling.statements(self.user, Some(self.request))?,
            None => Vec::new(),
        };
        statements.extend(touch(self.key, self.at));
        Ok(statements)
    }
}

/// The row of what an accepted code has brought about.
pub(crate) fn audit_accepted(
    attempt: &Attempt<'_>,
    entry: &audit::Entry,
) -> Result<Statement, DatabaseError> {
    let args = [
        audit_json([entry])?,
        attempt.user.as_str().into(),
        attempt.request.as_str().into(),
    ];
    Ok(Statement::new(AUDIT_ACCEPTED, args))
}

#[derive(Deserialize)]
struct TriedColumns {
    failures: u32,
    locked_until: i64,
    accepted: Option<u8>,
}

/// Reads what the statement that tries returned and, `between` statements later, the lock as it is now.
pub(crate) fn verdict(
    answers: &mut Answers,
    between: usize,
    at: Timestamp,
) -> Result<Verdict, DatabaseError> {
    let tried: Option<TriedColumns> = answers.first()?;
    if let Some(row) = tried {
        return Ok(match row.accepted {
            Some(1) => Verdict::Accepted,
            _ => Verdict::Refused,
        });
    }
    for _ in 0..between {
        answers.skip()?;
    }
    // Another request was faster.
    let now: Option<TriedColumns> = answers.first()?;
    let lock = now.map(|row| Lock {
        failures: row.failures,
        until: Timestamp::from_millis(row.locked_until),
    });
    Ok(match lock.map(|lock| lock.check(at)) {
        Some(Err(seconds)) => Verdict::Locked(seconds),
        Some(Ok(())) | None => Verdict::Gone,
    })
}

impl Database {
    /// Tries a code of the authenticator.
    pub async fn try_totp(
        &self,
        attempt: &Attempt<'_>,
        code: &TotpAttempt<'_>,
    ) -> Result<Verdict, DatabaseError> {
        let args = [
            attempt.user.as_str().into(),
            code.sealed.as_str().into(),
            attempt.at.into(),
            code.step.into(),
            attempt.request.as_str().into(),
            code.resealed.as_str().into(),
        ];
        let mut statements = vec![
            Statement::new(TRY_TOTP, args.into_iter().chain(lockout_args())),
            attempt.audit_totp_lock()?,
        ];
        statements.extend(attempt.afterwards()?);
        let between = statements.len() - 1;
        statements.push(Statement::new(TOTP_LOCK, [attempt.user.as_str().into()]));
        verdict(&mut self.batch(statements).await?, between, attempt.at)
    }

    /// Tries a backup code.
    pub async fn try_backup_code(
        &self,
        attempt: &Attempt<'_>,
        code: &BackupAttempt<'_>,
    ) -> Result<Verdict, DatabaseError> {
        let user = || Arg::from(attempt.user.as_str());
        let request = || Arg::from(attempt.request.as_str());
        let at = || Arg::from(attempt.at);
        let use_code = [
            user(),
            Arg::json(&code.hashes)?,
            at(),
            request(),
            MOST_FAILURES.into(),
        ];
        // ?2, ?4 and ?6 are those of the statement for the other kind of code.
        let settle = [user(), Arg::Null, at(), Arg::Null, request(), Arg::Null];
        let mut statements = vec![
            Statement::new(USE_CODE, use_code),
            audit_change(code.entry)?,
            notice_change(code.notice),
            Statement::new(SETTLE_BACKUP, settle.into_iter().chain(lockout_args())),
            attempt.audit_lock(AUDIT_BACKUP_LOCK)?,
        ];
        statements.extend(attempt.afterwards()?);
        let between = statements.len() - 4;
        statements.push(Statement::new(BACKUP_LOCK, [user()]));
        let mut answers = self.batch(statements).await?;
        for _ in 0..3 {
            answers.skip()?;
        }
        verdict(&mut answers, between, attempt.at)
    }
}
