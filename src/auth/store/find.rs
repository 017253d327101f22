//! The key that a request presents. Read beside what else the request needs, so it is a
//! statement for a batch.

use crate::auth::PresentedKey;
use crate::db::Statement;

// ?1 hash, ?2 now
const KEY_BY_HASH: &str = "
SELECT id, scopes, user_id, label, created_at, last_used_at, expires_at, revoked_at
FROM api_keys
WHERE key_hash = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)";

/// Reads the key as [`KeyColumns`](super::KeyColumns), if it is neither revoked nor expired: no
/// caller can tell such a key from one that never was.
pub fn find_api_key_statement(key: &PresentedKey) -> Statement {
    Statement::new(KEY_BY_HASH, [key.hash.as_str().into(), key.at.into()])
}
