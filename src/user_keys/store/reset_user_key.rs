use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;
use crate::user_keys::{InstanceUserId, Key};

// The keys that permitted the reset must still be in force when it is written: of two resets
// with the same user key, the second one fails.
// ?1 user, ?2 hash of the new key, ?3 now, ?4 id of the client key, ?5 hash of the user key
// that permits the reset, or NULL
const RESET: &str = "
UPDATE instance_users SET key_hash = ?2, key_changed_at = ?3
WHERE id = ?1
  AND EXISTS (SELECT 1 FROM instance_keys WHERE id = ?4 AND revoked_at IS NULL)
  AND (?5 IS NULL OR key_hash = ?5)
RETURNING id";

const CLIENT_KEY_IN_FORCE: &str =
    "SELECT id FROM instance_keys WHERE id = ?1 AND revoked_at IS NULL";

/// A new key for a user, and the keys that permit the reset.
#[derive(Debug)]
pub struct KeyReset<'a> {
    pub user: InstanceUserId,
    pub new_key: &'a Key,
    /// Its id.
    pub client_key: &'a str,
    /// The user's current key, if the client acts for the user; `None`: the client key alone
    /// permits the reset.
    pub user_key: Option<&'a Key>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetOutcome {
    /// The new key is the user's only one.
    Reset,
    /// A key that was presented was revoked or reset in the meantime.
    KeyNotInForce,
    /// The user was deleted in the meantime.
    UserDeleted,
}

/// Replaces a user's key at `entry.at`. Of several resets by client keys alone, the last one
/// written counts.
pub async fn reset_user_key(
    database: &Database,
    reset: &KeyReset<'_>,
    entry: &Entry,
) -> Result<ResetOutcome, DatabaseError> {
    let write = Statement::new(
        RESET,
        [
            reset.user.into(),
            reset.new_key.hash().into(),
            entry.at.into(),
            reset.client_key.into(),
            reset.user_key.map(Key::hash).into(),
        ],
    );
    let mut batch = Batch::new();
    let written = batch.push_audited::<()>(write, entry)?;
    if database.run(batch).await?.count(written)? > 0 {
        return Ok(ResetOutcome::Reset);
    }
    if reset.user_key.is_some() {
        // If the user was deleted, so was this key.
        return Ok(ResetOutcome::KeyNotInForce);
    }
    // Only asked where a reset fails, which is rare.
    let mut batch = Batch::new();
    let in_force = Statement::new(CLIENT_KEY_IN_FORCE, [reset.client_key.into()]);
    let in_force = batch.push::<()>(in_force);
    Ok(if database.run(batch).await?.count(in_force)? > 0 {
        ResetOutcome::UserDeleted
    } else {
        ResetOutcome::KeyNotInForce
    })
}
