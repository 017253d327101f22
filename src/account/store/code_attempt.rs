//! What the statements that try a code have in common: the lock-out, what tells of a lock, what an accepted
//! code also changes, the outcome.
//!
//! A code is accepted, or its rejection counted, by one conditional statement, so concurrent attempts can
//! neither use a code twice nor go uncounted.

use super::change::{notice_args, notice_row};
use super::disable_two_factor::push_disable_if_accepted;
use super::replace_backup_codes::{NewBackupCodes, push_codes_if_accepted};
use super::validate_setup::{SetupValidation, push_validation_if_accepted};
use crate::account::lockout::{
    FAILURES_BEFORE_LOCK, FIRST_LOCK, MAX_CONSECUTIVE_FAILURES, MAX_LOCK,
};
use crate::account::{AuditContext, Lock, Notice};
use crate::auth::store::{ApiKeyRow, touch_api_key_statement};
use crate::db::{
    self, Arg, Batch, Database, DatabaseError, Slot, Statement, audit_json, audit_rows,
};
use crate::kernel::audit::Action;
use crate::kernel::{RequestId, Sealed, UserId};

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

/// The audit row of a lock. Parameters: entry, user, failures before a lock.
macro_rules! audit_lock {
    ($failures:literal) => {
        concat!(
            audit_rows!("WHERE changes() > 0"),
            " AND EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?2 AND ",
            $failures,
            " >= ?3)"
        )
    };
}

/// The notice of a lock, right after its audit row: of the first one in a row alone, since the others follow
/// from the same guesses. Parameters: `notice_args`, failures before a lock.
macro_rules! notice_of_lock {
    ($failures:literal) => {
        notice_row!(concat!(
            " AND EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?3 AND ",
            $failures,
            " = ?8)"
        ))
    };
}

/// Whether the set-up that an accepted code is to turn on can be, where there is one; so that no code is used
/// up for nothing. The arguments name the parameters for the set-up's secret or NULL, now, and
/// `MAX_CONSECUTIVE_FAILURES`.
macro_rules! setup_can_be_validated {
    ($setup:literal, now $now:literal, most $most:literal) => {
        concat!(
            "(",
            $setup,
            " IS NULL OR pending_sealed = ",
            $setup,
            " AND pending_until > ",
            $now,
            " AND totp_locked_until <= ",
            $now,
            " AND totp_failures < ",
            $most,
            ")"
        )
    };
}
pub(crate) use setup_can_be_validated;

/// The kinds of code, each of which is counted and locked by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeKind {
    Totp,
    Backup,
}

/// One attempt to have a code accepted: who makes it, and what it tells of.
#[derive(Debug, Clone)]
pub struct CodeAttempt<'a> {
    pub audit: &'a AuditContext,
    /// The API key by which the code came.
    pub api_key: Option<&'a ApiKeyRow>,
    /// Tells that the attempt has locked its kind of code.
    pub locked: Notice,
}

/// What an accepted code changes, in the batch that accepts it.
#[derive(Debug, Clone, Copy)]
pub enum FollowUp<'a> {
    Nothing,
    /// Turns the second factor off; the notice tells of it.
    Disable(&'a Notice),
    /// Turns on the second factor of a set-up in its place.
    Replace(&'a SetupValidation<'a>),
    /// Replaces the backup codes.
    BackupCodes(&'a NewBackupCodes),
}

/// A code of the authenticator, checked against the secret that was read.
#[derive(Debug, Clone, Copy)]
pub struct CheckedTotp<'a> {
    /// The secret as it was read.
    pub read: &'a Sealed,
    /// The same secret, as it is to be stored if the code is accepted.
    pub resealed: &'a Sealed,
    /// The time step that the code belongs to; `None`: the code is wrong.
    pub step: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeOutcome {
    /// The code is accepted, and will not be again.
    Accepted,
    /// The code is wrong or used, and the failure is counted.
    Rejected,
    /// No code is accepted for so many seconds; nothing was counted.
    Locked(u64),
    /// Since it was read the secret was replaced, turned on or turned off, or the set-up that was to replace it
    /// has ended.
    SecretChanged,
}

db::row! {
    /// What an attempt's statement returns, if it wrote anything.
    pub(super) struct AttemptRow {
        /// NULL where no code was accepted yet.
        accepted: Option<u8>,
    }
}

impl<'a> FollowUp<'a> {
    /// The set-up that must still wait for the code to be accepted.
    pub(super) fn setup(self) -> Arg {
        match self {
            Self::Replace(validation) => validation.setup.read.into(),
            Self::Nothing | Self::Disable(_) | Self::BackupCodes(_) => Arg::Null,
        }
    }
}

impl<'a> CodeAttempt<'a> {
    pub(super) const fn user(&self) -> &'a UserId {
        &self.audit.user
    }

    /// Marks what the accepted code changes, so that later statements of the batch can tell.
    pub(super) const fn request(&self) -> &'a RequestId {
        &self.audit.origin.request_id
    }

    /// Adds the statement that accepts a code or counts its rejection, and right after it (they ask
    /// `changes()`) the audit row of a lock on `what` and its notice.
    pub(super) fn push(
        &self,
        batch: &mut Batch,
        kind: CodeKind,
        what: &str,
        statement: Statement,
    ) -> Result<Slot<AttemptRow>, DatabaseError> {
        let slot = batch.push(statement);
        let (sql, notice) = match kind {
            CodeKind::Totp => (
                audit_lock!("totp_failures"),
                notice_of_lock!("totp_failures"),
            ),
            CodeKind::Backup => (
                audit_lock!("backup_failures"),
                notice_of_lock!("backup_failures"),
            ),
        };
        let entry = self.audit.entry(Action::LockTwoFactor, what);
        let audit = [
            audit_json([&entry])?,
            self.user().into(),
            FAILURES_BEFORE_LOCK.into(),
        ];
        batch.execute(Statement::new(sql, audit));
        let first_lock = [FAILURES_BEFORE_LOCK.into()];
        let args = notice_args(&self.locked).into_iter().chain(first_lock);
        batch.execute(Statement::new(notice, args).noted());
        Ok(slot)
    }

    /// Adds what an accepted code changes, and the use of the API key, which is noted either way; and runs
    /// the batch. `lock` reads how this kind of code stands; it has no row where the secret has changed.
    pub(super) async fn run(
        &self,
        database: &Database,
        mut batch: Batch,
        attempted: Slot<AttemptRow>,
        follow_up: FollowUp<'_>,
        lock: Statement,
    ) -> Result<CodeOutcome, DatabaseError> {
        let now = self.audit.at;
        match follow_up {
            FollowUp::Nothing => {}
            FollowUp::Disable(notice) => {
                push_disable_if_accepted(&mut batch, self.audit, notice)?;
            }
            FollowUp::Replace(setup) => {
                push_validation_if_accepted(&mut batch, self.audit, setup)?;
            }
            FollowUp::BackupCodes(codes) => {
                push_codes_if_accepted(&mut batch, self.audit, codes)?;
            }
        }
        let key = self.api_key;
        batch.execute_all(key.and_then(|key| touch_api_key_statement(key, now)));
        let lock = batch.push::<Lock>(lock);
        let results = database.run(batch).await?;
        if let Some(row) = results.first(attempted)? {
            return Ok(match row.accepted {
                Some(1) => CodeOutcome::Accepted,
                _ => CodeOutcome::Rejected,
            });
        }
        // The account was as it should be when it was read, so a concurrent request has changed it.
        Ok(match results.first(lock)?.map(|lock| lock.check(now)) {
            Some(Err(seconds)) => CodeOutcome::Locked(seconds),
            Some(Ok(())) | None => CodeOutcome::SecretChanged,
        })
    }
}
