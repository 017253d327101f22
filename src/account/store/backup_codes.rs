//! Backup codes: all of them made anew at once.

use serde::Serialize;

use crate::db::Arg;
use crate::db::DatabaseError;
use crate::db::audit_change;
use crate::db::{Database, Statement};
use crate::kernel::UserId;
use crate::kernel::audit;

const DROP: &str = "
DELETE FROM backup_codes
WHERE user_id = ?1 AND EXISTS (
  SELECT 1 FROM second_factors WHERE user_id = ?1 AND secret_sealed IS NOT NULL
)";

// ?2 the codes as JSON
const INSERT: &str = "
INSERT INTO backup_codes (user_id, code_hash, code_sealed, position)
SELECT ?1, value ->> 'hash', value ->> 'sealed', key FROM json_each(?2)
WHERE EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?1 AND secret_sealed IS NOT NULL)
RETURNING position";

/// A backup code as it rests.
#[derive(Serialize)]
pub struct NewBackupCode {
    /// What it is found by.
    pub hash: String,
    /// What its owner is shown again.
    pub sealed: String,
}

impl Database {
    /// Replaces a person's backup codes; false when the second factor is off.
    pub async fn replace_backup_codes(
        &self,
        user: &UserId,
        codes: &[NewBackupCode],
        entry: &audit::Entry,
    ) -> Result<bool, DatabaseError> {
        let insert = [user.as_str().into(), Arg::json(&codes)?];
        let mut answers = self
            .batch(vec![
                Statement::new(DROP, [user.as_str().into()]),
                Statement::new(INSERT, insert),
                audit_change(entry)?,
            ])
            .await?;
        answers.skip()?;
        Ok(answers.count()? > 0)
    }
}
