use std::time::Duration;

use super::ApiKeyRow;
use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;

/// How precisely `last_used_at` is kept, so that a key costs one write an hour at most.
const LAST_USED_PRECISION: Duration = Duration::from_secs(60 * 60);

const TOUCH_KEY: &str = "
UPDATE api_keys SET last_used_at = ?2
WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at <= ?3)";

/// Notes that a key was used at `now`; `None`: a use within `LAST_USED_PRECISION` was noted already.
pub fn touch_api_key_statement(key: &ApiKeyRow, now: Timestamp) -> Option<Statement> {
    let stale = now.minus(LAST_USED_PRECISION);
    let is_stale = key.last_used_at.is_none_or(|last| last <= stale);
    let args = [key.id.as_str().into(), now.into(), stale.into()];
    is_stale.then(|| Statement::new(TOUCH_KEY, args))
}

/// [`touch_api_key_statement`] in a batch of its own.
pub async fn touch_api_key(
    database: &Database,
    key: &ApiKeyRow,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let Some(touch) = touch_api_key_statement(key, now) else {
        return Ok(());
    };
    let mut batch = Batch::new();
    batch.execute(touch);
    database.run(batch).await.map(|_| ())
}
