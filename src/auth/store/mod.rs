//! API keys in SQL.

mod find;
mod insert;
mod list;
mod revoke;
mod touch;

#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::db::DatabaseError;
use crate::kernel::{Timestamp, UserId};

pub use find::find_api_key_statement;
pub use insert::{NewApiKey, insert_api_key};
pub use list::list_api_keys;
pub use revoke::revoke_api_key;
pub use touch::{touch_api_key, touch_api_key_statement};

/// An API key, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// `key_` and a ULID.
    pub id: String,
    /// What it may do, as stored.
    pub scopes: Vec<String>,
    /// The one user it is good for; `None`: every user.
    pub user_id: Option<UserId>,
    pub label: Option<String>,
    pub created_at: Timestamp,
    /// To the hour.
    pub last_used_at: Option<Timestamp>,
}

/// The columns of an [`ApiKeyRow`], as every statement here reads them.
#[derive(Deserialize)]
pub struct KeyColumns {
    id: String,
    scopes: String,
    user_id: Option<String>,
    label: Option<String>,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl KeyColumns {
    pub fn into_row(self) -> Result<ApiKeyRow, DatabaseError> {
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
