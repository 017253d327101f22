use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;

const TOUCH_KEY: &str = "
UPDATE api_keys SET last_used_at = ?2
WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at <= ?3)";

/// Notes that a key was used at `now`, unless a use after `unless_after` is noted already.
pub fn touch_api_key_statement(id: &str, now: Timestamp, unless_after: Timestamp) -> Statement {
    Statement::new(TOUCH_KEY, [id.into(), now.into(), unless_after.into()])
}

/// [`touch_api_key_statement`] in a batch of its own.
pub async fn touch_api_key(
    database: &Database,
    id: &str,
    now: Timestamp,
    unless_after: Timestamp,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(touch_api_key_statement(id, now, unless_after));
    database.run(batch).await.map(|_| ())
}
