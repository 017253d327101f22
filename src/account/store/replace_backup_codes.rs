//! Replaces all backup codes of an account at once.

use serde::de::IgnoredAny;

use crate::account::backup_code::SealedBackupCode;
use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::{UserId, audit};

const DELETE: &str = "
DELETE FROM backup_codes
WHERE user_id = ?1 AND EXISTS (
  SELECT 1 FROM second_factors WHERE user_id = ?1 AND secret_sealed IS NOT NULL
)";

// ?1 user, ?2 codes (JSON)
const INSERT: &str = "
INSERT INTO backup_codes (user_id, code_hash, code_sealed, position)
SELECT ?1, value ->> 'hash', value ->> 'sealed', key FROM json_each(?2)
WHERE EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?1 AND secret_sealed IS NOT NULL)
RETURNING position";

/// Replaces the backup codes; false where the second factor is off.
pub async fn replace_backup_codes(
    database: &Database,
    user: &UserId,
    codes: &[SealedBackupCode],
    entry: &audit::Entry,
) -> Result<bool, DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(Statement::new(DELETE, [user.into()]));
    let insert = Statement::new(INSERT, [user.into(), Arg::json(&codes)?]);
    let inserted = batch.push_audited::<IgnoredAny>(insert, entry)?;
    Ok(database.run(batch).await?.count(inserted)? > 0)
}
