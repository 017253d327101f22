//! Clears the refused codes of a second factor, and the locks that followed from them.

use super::change::execute_notified;
use crate::account::Notice;
use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::{UserId, audit};

// What has no refused codes is no change, and leaves no audit row.
const UNLOCK: &str = "
UPDATE second_factors SET
  totp_failures = 0, totp_locked_until = 0, backup_failures = 0, backup_locked_until = 0
WHERE user_id = ?1 AND (
  totp_failures > 0 OR totp_locked_until > 0 OR backup_failures > 0 OR backup_locked_until > 0
)";

/// `entry` and `notice` tell of it, where there was something to clear.
pub async fn unlock_two_factor(
    database: &Database,
    user: &UserId,
    entry: &audit::Entry,
    notice: &Notice,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    let unlock = Statement::new(UNLOCK, [user.into()]);
    execute_notified(&mut batch, unlock, entry, [notice])?;
    database.run(batch).await.map(|_| ())
}
