use serde::de::IgnoredAny;

use crate::auth::store::ApiKeyRow;
use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;

// No row is inserted for a user that does not exist.
const INSERT: &str = "
INSERT INTO api_keys (id, key_hash, scopes, user_id, label, created_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6
WHERE ?4 IS NULL OR EXISTS (SELECT 1 FROM users WHERE uuid = ?4)
RETURNING id";

#[derive(Debug, Clone)]
pub struct NewApiKey {
    pub row: ApiKeyRow,
    /// SHA-256 of the key, lower-case hex.
    pub hash: String,
}

/// Stores a new key; false when it is bound to a user that does not exist.
pub async fn insert_api_key(
    database: &Database,
    key: &NewApiKey,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let row = &key.row;
    let insert = Statement::new(
        INSERT,
        [
            row.id.as_str().into(),
            key.hash.as_str().into(),
            Arg::json(&row.scopes)?,
            row.user_id.as_ref().into(),
            row.label.as_deref().into(),
            row.created_at.into(),
        ],
    );
    let mut batch = Batch::new();
    let inserted = batch.push_audited::<IgnoredAny>(insert, entry)?;
    Ok(database.run(batch).await?.count(inserted)? > 0)
}
