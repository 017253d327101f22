//! API keys in SQL.

mod find;
mod insert;
mod list;
mod revoke;
mod touch;

#[cfg(test)]
mod tests;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use crate::auth::Scope;
use crate::db::{self, DatabaseError};
use crate::kernel::{Timestamp, UserId};

pub use find::find_api_key_statement;
pub use insert::insert_api_key;
pub use list::{KeyFilter, list_api_keys};
pub use revoke::revoke_api_key;
pub use touch::{touch_api_key, touch_api_key_statement};

/// A key, without the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ApiKey"))]
pub struct ApiKeyRow {
    /// `key_` and a ULID.
    #[cfg_attr(test, schemars(extend(
        "pattern" = "^key_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
        "examples" = ["key_01JZX0000000000000000000EX"],
    )))]
    pub id: String,
    /// What it may do.
    #[cfg_attr(test, schemars(with = "Vec<Scope>", extend("minItems" = 1, "uniqueItems" = true)))]
    pub scopes: Vec<String>,
    /// The one user it is good for; null: every user.
    pub user_id: Option<UserId>,
    /// What its maker called it.
    #[cfg_attr(test, schemars(length(max = 100)))]
    pub label: Option<String>,
    pub created_at: Timestamp,
    /// When it was last used, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// From when on it is refused; null: never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked; null: it was not.
    pub revoked_at: Option<Timestamp>,
}

db::row! {
    /// The columns of an [`ApiKeyRow`]; its scopes are JSON in a text.
    pub struct KeyColumns {
        id: String,
        scopes: String,
        user_id: Option<UserId>,
        label: Option<String>,
        created_at: Timestamp,
        last_used_at: Option<Timestamp>,
        expires_at: Option<Timestamp>,
        revoked_at: Option<Timestamp>,
    }
}

impl KeyColumns {
    pub fn into_row(self) -> Result<ApiKeyRow, DatabaseError> {
        let scopes = serde_json::from_str(&self.scopes)
            .map_err(|_| DatabaseError::bad_value("api_keys", "scopes", &self.id))?;
        Ok(ApiKeyRow {
            id: self.id,
            scopes,
            user_id: self.user_id,
            label: self.label,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
        })
    }
}
