//! The key that a request presents. Read beside what else the request needs, so it is a
//! statement for a batch.

use crate::db::Statement;

const KEY_BY_HASH: &str = "
SELECT id, scopes, user_id, label, created_at, last_used_at
FROM api_keys WHERE key_hash = ?1 AND revoked_at IS NULL";

/// Reads the key with this hash, if it is not revoked, as [`KeyColumns`](super::KeyColumns).
pub fn find_api_key_statement(hash: &str) -> Statement {
    Statement::new(KEY_BY_HASH, [hash.into()])
}
