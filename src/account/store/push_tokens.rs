//! Push tokens: each has one owner, and each owner a bounded number.

use serde::Deserialize;

use crate::account::push_token::MOST_TOKENS;
use crate::account::{Platform, PushToken};
use crate::db::DatabaseError;
use crate::db::audit_rows;
use crate::db::{Arg, Database, Statement};
use crate::db::{audit_change, audit_json};
use crate::kernel::audit;
use crate::kernel::{Sealed, Timestamp, UserId};

use crate::account::store::touch::{Touch, touch};

// Whose it was before hears nothing of the new owner: the row begins anew.
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

// Phones register again at every start; only what is new is a change worth a row. ?2 id
const AUDIT_NEW: &str = audit_rows!("WHERE EXISTS (SELECT 1 FROM push_tokens WHERE id = ?2)");

// ?1 user, ?2 hash of the token that stays, ?3 the most others
const EVICT: &str = "
DELETE FROM push_tokens
WHERE id IN (
  SELECT id FROM push_tokens WHERE user_id = ?1 AND token_hash <> ?2
  ORDER BY last_seen_at DESC, id DESC LIMIT -1 OFFSET ?3
)";

const UNREGISTER: &str = "DELETE FROM push_tokens WHERE token_hash = ?1 AND user_id = ?2";

/// A push token to be kept.
#[derive(Debug)]
pub struct NewPushToken<'a> {
    /// Its id, should it be new.
    pub id: String,
    /// The token.
    pub token: &'a PushToken,
    /// The same, sealed for its owner.
    pub sealed: Sealed,
    /// Its owner.
    pub user: &'a UserId,
    /// What it is for.
    pub platform: Platform,
}

/// A push token without the token.
#[derive(Debug, Deserialize)]
pub struct PushTokenRow {
    /// `push_` and a ULID.
    pub id: String,
    /// What it is for.
    pub platform: String,
    /// When its owner registered it first.
    pub created_at: Timestamp,
    /// When its owner registered it last.
    pub last_seen_at: Timestamp,
}

impl Database {
    /// Registers a token, or notes that it was seen; it leaves whoever else had it. `None`: the user
    /// was deleted meanwhile.
    pub async fn register_push_token(
        &self,
        new: &NewPushToken<'_>,
        entry: &audit::Entry,
        key: Touch<'_>,
    ) -> Result<Option<PushTokenRow>, DatabaseError> {
        let hash = new.token.hash();
        let register = [
            new.id.as_str().into(),
            hash.as_str().into(),
            new.sealed.as_str().into(),
            new.user.as_str().into(),
            new.platform.as_str().into(),
            entry.at.into(),
        ];
        let evict: [Arg; 3] = [
            new.user.as_str().into(),
            hash.into(),
            (MOST_TOKENS - 1).into(),
        ];
        let audit = [audit_json([entry])?, new.id.as_str().into()];
        let mut statements = vec![
            Statement::new(REGISTER, register),
            Statement::new(AUDIT_NEW, audit),
            Statement::new(EVICT, evict),
        ];
        statements.extend(touch(key, entry.at));
        self.batch(statements).await?.first()
    }

    /// Drops a token, if it is this user's.
    pub async fn unregister_push_token(
        &self,
        user: &UserId,
        token: &PushToken,
        entry: &audit::Entry,
        key: Touch<'_>,
    ) -> Result<(), DatabaseError> {
        let drop = [token.hash().into(), user.as_str().into()];
        let mut statements = vec![Statement::new(UNREGISTER, drop), audit_change(entry)?];
        statements.extend(touch(key, entry.at));
        self.batch(statements).await.map(|_| ())
    }
}
