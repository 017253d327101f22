//! Replaces all backup codes of an account at once.

use super::change::{execute_notified, push_notified};
use crate::account::backup_code::SealedBackupCode;
use crate::account::{AuditContext, Notice};
use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::{UserId, audit};

// ?1 user, ?2 the request whose code must have been accepted, or NULL
const DELETE: &str = "
DELETE FROM backup_codes
WHERE user_id = ?1 AND EXISTS (
  SELECT 1 FROM second_factors
  WHERE user_id = ?1 AND secret_sealed IS NOT NULL AND (?2 IS NULL OR accepted_by = ?2)
)";

// Codes that were not deleted before are not replaced.
// ?1 user, ?2 as above, ?3 codes (JSON)
const INSERT: &str = "
INSERT INTO backup_codes (user_id, code_hash, code_sealed, position)
SELECT ?1, value ->> 'hash', value ->> 'sealed', key FROM json_each(?3)
WHERE EXISTS (
  SELECT 1 FROM second_factors
  WHERE user_id = ?1 AND secret_sealed IS NOT NULL AND (?2 IS NULL OR accepted_by = ?2)
) AND NOT EXISTS (SELECT 1 FROM backup_codes WHERE user_id = ?1)
RETURNING position";

const IS_ON: &str = "
SELECT secret_sealed IS NOT NULL AS is_on FROM second_factors WHERE user_id = ?1";

/// New backup codes, and what tells of them.
#[derive(Debug)]
pub struct NewBackupCodes {
    pub codes: Vec<SealedBackupCode>,
    pub entry: audit::Entry,
    pub notice: Notice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupCodesOutcome {
    Created,
    /// There are codes, which may not be replaced.
    Kept,
    /// The second factor is off.
    Off,
}

db::row! {
    struct OnRow {
        is_on: u8,
    }
}

impl NewBackupCodes {
    fn insert(&self, user: &UserId, accepted_by: Arg) -> Result<Statement, DatabaseError> {
        let args = [user.into(), accepted_by, Arg::json(&self.codes)?];
        Ok(Statement::new(INSERT, args))
    }
}

/// Stores the codes without a code of the second factor; in place of others if they `may_replace` them.
pub async fn replace_backup_codes(
    database: &Database,
    user: &UserId,
    new: &NewBackupCodes,
    may_replace: bool,
) -> Result<BackupCodesOutcome, DatabaseError> {
    let mut batch = Batch::new();
    if may_replace {
        batch.execute(Statement::new(DELETE, [user.into(), Arg::Null]));
    }
    let insert = new.insert(user, Arg::Null)?;
    let inserted = push_notified::<()>(&mut batch, insert, &new.entry, [&new.notice])?;
    let is_on = batch.push::<OnRow>(Statement::new(IS_ON, [user.into()]));
    let results = database.run(batch).await?;
    if results.count(inserted)? > 0 {
        return Ok(BackupCodesOutcome::Created);
    }
    Ok(match results.first(is_on)? {
        Some(OnRow { is_on: 1 }) => BackupCodesOutcome::Kept,
        _ => BackupCodesOutcome::Off,
    })
}

/// Replaces the codes if a code of this request was accepted, earlier in the batch.
pub(super) fn push_codes_if_accepted(
    batch: &mut Batch,
    audit: &AuditContext,
    new: &NewBackupCodes,
) -> Result<(), DatabaseError> {
    let (user, request) = (&audit.user, &audit.origin.request_id);
    batch.execute(Statement::new(DELETE, [user.into(), request.into()]));
    let insert = new.insert(user, request.into())?;
    execute_notified(batch, insert, &new.entry, [&new.notice])
}
