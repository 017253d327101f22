use crate::auth::store::{ApiKeyRow, KeyColumns};
use crate::db::{Batch, Database, DatabaseError, Statement};

const LIST: &str = "
SELECT id, scopes, user_id, label, created_at, last_used_at
FROM api_keys WHERE revoked_at IS NULL ORDER BY created_at DESC, id DESC";

/// Lists the keys that are not revoked, newest first.
pub async fn list_api_keys(database: &Database) -> Result<Vec<ApiKeyRow>, DatabaseError> {
    let mut batch = Batch::new();
    let keys = batch.push::<KeyColumns>(Statement::new(LIST, []));
    let rows = database.run(batch).await?.rows(keys)?;
    rows.into_iter().map(KeyColumns::into_row).collect()
}
