use crate::auth::store::ApiKeyRow;
use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;

// No row is inserted for a user that does not exist.
const INSERT: &str = "
INSERT INTO api_keys (id, key_hash, scopes, user_id, label, created_at, expires_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE ?4 IS NULL OR EXISTS (SELECT 1 FROM users WHERE uuid = ?4)
RETURNING id";

/// Stores a new key under its [hash](crate::auth::ApiKey::hash); false when it is bound to a user
/// that does not exist.
pub async fn insert_api_key(
    database: &Database,
    row: &ApiKeyRow,
    hash: &str,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let insert = Statement::new(
        INSERT,
        [
            row.id.as_str().into(),
            hash.into(),
            Arg::json(&row.scopes)?,
            row.user_id.as_ref().into(),
            row.label.as_deref().into(),
            row.created_at.into(),
            row.expires_at.into(),
        ],
    );
    let mut batch = Batch::new();
    let inserted = batch.push_audited::<()>(insert, entry)?;
    Ok(database.run(batch).await?.count(inserted)? > 0)
}
