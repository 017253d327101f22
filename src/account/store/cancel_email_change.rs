//! Gives up the e-mail that was asked for.

use super::full_user::{FullUser, changed_user};
use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::{UserId, audit};

// ?1 user, ?2 now
const CANCEL: &str = "
UPDATE profiles
SET pending_email = NULL, pending_from = NULL, pending_email_hash = NULL, pending_email_until = NULL
WHERE user_id = ?1 AND pending_email_until > ?2
RETURNING user_id";

/// Gives up the change; `None`: there is none to give up, or no user.
pub async fn cancel_email_change(
    database: &Database,
    user: &UserId,
    entry: &audit::Entry,
) -> Result<Option<FullUser>, DatabaseError> {
    let cancel = Statement::new(CANCEL, [user.into(), entry.at.into()]);
    let mut batch = Batch::new();
    let cancelled = batch.push_audited::<()>(cancel, entry)?;
    let changed = batch.push(changed_user(user, entry.at));
    let results = database.run(batch).await?;
    if results.count(cancelled)? == 0 {
        return Ok(None);
    }
    results.first(changed)
}
