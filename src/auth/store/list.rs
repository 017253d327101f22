use crate::auth::store::{ApiKeyRow, KeyColumns};
use crate::db::{Batch, Database, DatabaseError, Statement};

// ?1 the id before which the page begins, ?2 limit. Ids begin with the moment of their making.
const LIST: &str = "
SELECT id, scopes, user_id, label, created_at, last_used_at, expires_at
FROM api_keys
WHERE revoked_at IS NULL AND (?1 IS NULL OR id < ?1)
ORDER BY id DESC LIMIT ?2";

/// Lists the keys that are not revoked, newest first, at most `limit`: those made before the key
/// `after`, or the newest.
pub async fn list_api_keys(
    database: &Database,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<ApiKeyRow>, DatabaseError> {
    let mut batch = Batch::new();
    let keys = batch.push::<KeyColumns>(Statement::new(LIST, [after.into(), limit.into()]));
    let rows = database.run(batch).await?.rows(keys)?;
    rows.into_iter().map(KeyColumns::into_row).collect()
}
