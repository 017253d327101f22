//! API keys, and the one read that authenticates and loads a user.

use serde::Deserialize;

use crate::db::Arg;
use crate::db::DatabaseError;
use crate::kernel::audit;
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::record::Dossier;

use crate::db::audit_change;
use crate::db::{Database, Statement};
use crate::provisioning::store::database::{dossier_statement, read_dossier};

pub(crate) const KEY_BY_HASH: &str = "
SELECT id, scopes, user_id, label, created_at, last_used_at
FROM api_keys WHERE key_hash = ?1 AND revoked_at IS NULL";

// No row is inserted when the key is to be bound to a user that does not exist.
const INSERT_KEY: &str = "
INSERT INTO api_keys (id, key_hash, scopes, user_id, label, created_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6
WHERE ?4 IS NULL OR EXISTS (SELECT 1 FROM users WHERE uuid = ?4)
RETURNING id";

const LIST_KEYS: &str = "
SELECT id, scopes, user_id, label, created_at, last_used_at
FROM api_keys WHERE revoked_at IS NULL ORDER BY created_at DESC, id DESC";

const REVOKE_KEY: &str = "
UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";

pub(crate) const TOUCH_KEY: &str = "
UPDATE api_keys SET last_used_at = ?2
WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at <= ?3)";

/// One API key, without the key.
#[derive(Debug, Clone)]
pub struct ApiKeyRow {
    /// `key_` and a ULID.
    pub id: String,
    /// What it may do, as stored.
    pub scopes: Vec<String>,
    /// The one user it is good for; `None`: every user.
    pub user_id: Option<UserId>,
    /// What its maker called it.
    pub label: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the hour.
    pub last_used_at: Option<Timestamp>,
}

#[derive(Deserialize)]
pub(crate) struct KeyColumns {
    id: String,
    scopes: String,
    user_id: Option<String>,
    label: Option<String>,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl KeyColumns {
    pub(crate) fn into_row(self) -> Result<ApiKeyRow, DatabaseError> {
        let scopes = serde_json::from_str(&self.scopes)
            .map_err(|_| DatabaseError::bad_value("api_keys", "scopes", &self.id))?;
        Ok(ApiKeyRow {
            id: self.id,
            scopes,
            user_id: self.user_id.map(UserId::new),
            label: self.label,
            created_at: Timestamp::from_millis(self.created_at),
            last_used_at: self.last_used_at.map(Timestamp::from_millis),
        })
    }
}

/// A key to be kept.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// Everything but the hash.
    pub row: ApiKeyRow,
    /// SHA-256 of the key, lower-case hex.
    pub hash: String,
}

impl Database {
    /// Reads a user's dossier and, where one is presented, the API key with this hash.
    pub async fn user_and_key(
        &self,
        user: &UserId,
        key_hash: Option<&str>,
    ) -> Result<(Dossier, Option<ApiKeyRow>), DatabaseError> {
        let mut statements = vec![dossier_statement(user)];
        statements.extend(key_hash.map(|hash| Statement::new(KEY_BY_HASH, [hash.into()])));
        let mut answers = self.batch(statements).await?;
        let dossier = read_dossier(answers.first()?)?;
        let key = match key_hash {
            Some(_) => answers.first::<KeyColumns>()?,
            None => None,
        };
        Ok((dossier, key.map(KeyColumns::into_row).transpose()?))
    }

    /// Keeps a new key; false when it is bound to a user that does not exist.
    pub async fn insert_api_key(
        &self,
        key: &NewApiKey,
        entry: &audit::Entry,
    ) -> Result<bool, DatabaseError> {
        let row = &key.row;
        let insert = Statement::new(
            INSERT_KEY,
            [
                row.id.as_str().into(),
                key.hash.as_str().into(),
                Arg::json(&row.scopes)?,
                row.user_id.as_ref().map(UserId::as_str).into(),
                row.label.as_deref().into(),
                row.created_at.into(),
            ],
        );
        let answers = self.batch(vec![insert, audit_change(entry)?]);
        Ok(answers.await?.count()? > 0)
    }

    /// Lists the keys that are not revoked, newest first.
    pub async fn api_keys(&self) -> Result<Vec<ApiKeyRow>, DatabaseError> {
        let mut answers = self.batch(vec![Statement::new(LIST_KEYS, [])]).await?;
        let rows: Vec<KeyColumns> = answers.rows()?;
        rows.into_iter().map(KeyColumns::into_row).collect()
    }

    /// Revokes a key; revoking it again, or one that never was, changes nothing.
    pub async fn revoke_api_key(
        &self,
        id: &str,
        entry: &audit::Entry,
    ) -> Result<(), DatabaseError> {
        let revoke = Statement::new(REVOKE_KEY, [id.into(), entry.at.into()]);
        self.batch(vec![revoke, audit_change(entry)?])
            .await
            .map(|_| ())
    }

    /// Notes that a key was used, unless that was noted after `unless_after`.
    pub async fn touch_api_key(
        &self,
        id: &str,
        now: Timestamp,
        unless_after: Timestamp,
    ) -> Result<(), DatabaseError> {
        let touch = Statement::new(TOUCH_KEY, [id.into(), now.into(), unless_after.into()]);
        self.batch(vec![touch]).await.map(|_| ())
    }
}
