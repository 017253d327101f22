//! Registers and deletes push tokens. A token has one owner, and a user a bounded number of tokens.

use serde::Serialize;

use crate::account::push_token::MAX_TOKENS_PER_USER;
use crate::account::{Platform, PushToken};
use crate::auth::store::{ApiKeyRow, touch_api_key_statement};
use crate::db::{self, Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::{Sealed, Timestamp, UserId, audit};

// A token that comes from another user gets a new id and a new start: nothing tells about its owner before.
// ?1 id, ?2 hash, ?3 sealed token, ?4 user, ?5 platform, ?6 now
const REGISTER: &str = "
INSERT INTO push_tokens (id, token_hash, token_sealed, user_id, platform, created_at, last_seen_at)
SELECT ?1, ?2, ?3, uuid, ?5, ?6, ?6 FROM users WHERE uuid = ?4
ON CONFLICT (token_hash) DO UPDATE SET
  id = iif(user_id = excluded.user_id, id, excluded.id),
  created_at = iif(user_id = excluded.user_id, created_at, excluded.created_at),
  user_id = excluded.user_id,
  token_sealed = excluded.token_sealed,
  platform = excluded.platform,
  last_seen_at = max(last_seen_at, excluded.last_seen_at)
RETURNING id, platform, created_at, last_seen_at";

// Phones register again at every start. Only a token that is new to its owner is a change: it has the new id.
// ?1 entry, ?2 id
const AUDIT_IF_NEW: &str = audit_rows!("WHERE EXISTS (SELECT 1 FROM push_tokens WHERE id = ?2)");

// ?1 user, ?2 hash of the token that stays, ?3 how many others stay: those seen last
const EVICT: &str = "
DELETE FROM push_tokens
WHERE id IN (
  SELECT id FROM push_tokens WHERE user_id = ?1 AND token_hash <> ?2
  ORDER BY last_seen_at DESC, id DESC LIMIT -1 OFFSET ?3
)";

const UNREGISTER: &str = "DELETE FROM push_tokens WHERE token_hash = ?1 AND user_id = ?2";

const DELETE: &str = "DELETE FROM push_tokens WHERE id = ?1 AND user_id = ?2";

const OWNER: &str = "SELECT uuid FROM users WHERE uuid = ?1";

/// A push token to be registered.
#[derive(Debug)]
pub struct NewPushToken<'a> {
    /// Its id, if it is new to its owner.
    pub id: String,
    pub token: &'a PushToken,
    /// The token, sealed for its owner.
    pub sealed: Sealed,
    pub user: &'a UserId,
    pub platform: Platform,
}

db::row! {
    /// A push token, without its text.
    #[derive(Debug, Serialize)]
    #[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "PushToken"))]
    pub struct PushTokenRow {
        /// `push_` and a ULID: the same as long as its owner registers the token again.
        #[cfg_attr(test, schemars(extend(
            "pattern" = "^push_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
            "examples" = ["push_01JZX0000000000000000000EX"],
        )))]
        pub id: String,
        #[cfg_attr(test, schemars(with = "Platform"))]
        pub platform: String,
        pub created_at: Timestamp,
        pub last_seen_at: Timestamp,
    }
}

/// Registers a token or notes that it was seen, and takes it from another user who had it. `None`: the user
/// was deleted.
pub async fn register_push_token(
    database: &Database,
    new: &NewPushToken<'_>,
    entry: &audit::Entry,
    api_key: Option<&ApiKeyRow>,
) -> Result<Option<PushTokenRow>, DatabaseError> {
    let hash = new.token.hash();
    let register = [
        new.id.as_str().into(),
        hash.as_str().into(),
        (&new.sealed).into(),
        new.user.into(),
        new.platform.as_str().into(),
        entry.at.into(),
    ];
    let audit = [audit_json([entry])?, new.id.as_str().into()];
    let evict = [
        new.user.into(),
        hash.into(),
        (MAX_TOKENS_PER_USER - 1).into(),
    ];
    let mut batch = Batch::new();
    let registered = batch.push::<PushTokenRow>(Statement::new(REGISTER, register));
    batch.execute(Statement::new(AUDIT_IF_NEW, audit));
    batch.execute(Statement::new(EVICT, evict));
    batch.execute_all(api_key.and_then(|key| touch_api_key_statement(key, entry.at)));
    database.run(batch).await?.first(registered)
}

/// Deletes a token, if it is this user's.
pub async fn unregister_push_token(
    database: &Database,
    user: &UserId,
    token: &PushToken,
    entry: &audit::Entry,
    api_key: Option<&ApiKeyRow>,
) -> Result<(), DatabaseError> {
    let unregister = Statement::new(UNREGISTER, [token.hash().into(), user.into()]);
    let mut batch = Batch::new();
    batch.execute_audited(unregister, entry)?;
    batch.execute_all(api_key.and_then(|key| touch_api_key_statement(key, entry.at)));
    database.run(batch).await.map(|_| ())
}

/// Deletes the token with this id, if it is this user's. False: there is no such user.
pub async fn delete_push_token(
    database: &Database,
    user: &UserId,
    id: &str,
    entry: &audit::Entry,
) -> Result<bool, DatabaseError> {
    let mut batch = Batch::new();
    batch.execute_audited(Statement::new(DELETE, [id.into(), user.into()]), entry)?;
    let owner = batch.push::<()>(Statement::new(OWNER, [user.into()]));
    let answers = database.run(batch).await?;
    Ok(answers.count(owner)? > 0)
}
