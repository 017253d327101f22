//! What the statements that try a code have in common: the lock-out, the audit row of a lock, the outcome.
//!
//! A code is accepted, or its rejection counted, by one conditional statement, so concurrent attempts can
//! neither use a code twice nor go uncounted.

use serde::Deserialize;

use super::ApiKeyUse;
use super::disable_two_factor::{Disable, push_disable_if_accepted};
use crate::account::Lock;
use crate::account::lockout::{
    FAILURES_BEFORE_LOCK, FIRST_LOCK, MAX_CONSECUTIVE_FAILURES, MAX_LOCK,
};
use crate::db::{Arg, Batch, DatabaseError, Results, Slot, Statement, audit_json, audit_rows};
use crate::kernel::{RequestId, Timestamp, UserId, audit};

/// Until when one more rejected code locks its kind of code, in milliseconds. The arguments name the column
/// that counts, and the parameters for now, `FAILURES_BEFORE_LOCK`, `FIRST_LOCK` and `MAX_LOCK` of
/// `account::lockout`. 20 doublings are more than `MAX_LOCK` has, and do not overflow.
macro_rules! locked_until {
    ($failures:literal, now $now:literal, threshold $threshold:literal, first $first:literal, max $max:literal) => {
        concat!(
            "iif(", $failures, " + 1 < ", $threshold, ", 0, ", $now, " + min(", $max, ", ", $first,
            " << min(", $failures, " + 1 - ", $threshold, ", 20)))"
        )
    };
}
pub(crate) use locked_until;

/// The parameters of `locked_until!` after now, and the failures after which no code is accepted.
pub(super) fn lockout_args() -> [Arg; 4] {
    [
        FAILURES_BEFORE_LOCK.into(),
        FIRST_LOCK.into(),
        MAX_LOCK.into(),
        MAX_CONSECUTIVE_FAILURES.into(),
    ]
}

// ?1 entry, ?2 user, ?3 failures before a lock
const AUDIT_TOTP_LOCK: &str = audit_rows!(
    "WHERE changes() > 0
       AND EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?2 AND totp_failures >= ?3)"
);
const AUDIT_BACKUP_LOCK: &str = audit_rows!(
    "WHERE changes() > 0
       AND EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?2 AND backup_failures >= ?3)"
);

/// The kinds of code, each of which is counted and locked by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeKind {
    Totp,
    Backup,
}

/// One attempt to have a code accepted.
#[derive(Debug)]
pub struct CodeAttempt<'a> {
    pub user: &'a UserId,
    pub at: Timestamp,
    /// Marks what the accepted code changes, so that later statements of the batch can tell.
    pub request: &'a RequestId,
    /// The audit row of a lock, should the attempt bring one about.
    pub lock_entry: audit::Entry,
    /// Turns the second factor off if the code is accepted.
    pub disable: Option<&'a Disable>,
    /// The API key by which the code came.
    pub api_key: Option<&'a ApiKeyUse>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeOutcome {
    /// The code is accepted, and will not be again.
    Accepted,
    /// The code is wrong or used, and the failure is counted.
    Rejected,
    /// No code is accepted for so many seconds; nothing was counted.
    Locked(u64),
    /// Since it was read the secret was replaced, turned on or turned off.
    SecretChanged,
}

/// What an attempt's statement returns, if it wrote anything.
#[derive(Deserialize)]
pub(super) struct AttemptRow {
    /// NULL where no code was accepted yet.
    accepted: Option<u8>,
}

/// How a kind of code stands now; no row where the secret has changed.
#[derive(Deserialize)]
pub(super) struct LockRow {
    failures: u32,
    locked_until: i64,
}

/// Adds the statement that accepts a code or counts its rejection, and right after it (it asks `changes()`)
/// the audit row of a lock.
pub(super) fn push_attempt(
    batch: &mut Batch,
    attempt: &CodeAttempt<'_>,
    kind: CodeKind,
    statement: Statement,
) -> Result<Slot<AttemptRow>, DatabaseError> {
    let slot = batch.push(statement);
    let sql = match kind {
        CodeKind::Totp => AUDIT_TOTP_LOCK,
        CodeKind::Backup => AUDIT_BACKUP_LOCK,
    };
    let audit = [
        audit_json([&attempt.lock_entry])?,
        attempt.user.into(),
        FAILURES_BEFORE_LOCK.into(),
    ];
    batch.execute(Statement::new(sql, audit));
    Ok(slot)
}

/// Adds what an accepted code turns off, and the use of the API key, which is noted either way.
pub(super) fn push_consequences(
    batch: &mut Batch,
    attempt: &CodeAttempt<'_>,
) -> Result<(), DatabaseError> {
    if let Some(disable) = attempt.disable {
        push_disable_if_accepted(batch, attempt.user, attempt.request, disable)?;
    }
    batch.execute_all(attempt.api_key.map(ApiKeyUse::statement));
    Ok(())
}

pub(super) fn outcome(
    results: &Results,
    attempted: Slot<AttemptRow>,
    lock: Slot<LockRow>,
    at: Timestamp,
) -> Result<CodeOutcome, DatabaseError> {
    if let Some(row) = results.first(attempted)? {
        return Ok(match row.accepted {
            Some(1) => CodeOutcome::Accepted,
            _ => CodeOutcome::Rejected,
        });
    }
    // The account was as it should be when it was read, so a concurrent request has changed it.
    let lock = results.first(lock)?.map(|row| Lock {
        failures: row.failures,
        until: Timestamp::from_millis(row.locked_until),
    });
    Ok(match lock.map(|lock| lock.check(at)) {
        Some(Err(seconds)) => CodeOutcome::Locked(seconds),
        Some(Ok(())) | None => CodeOutcome::SecretChanged,
    })
}
