//! Personal and service API keys.

pub mod create_api_key;
pub mod list_api_keys;
pub mod revoke_api_key;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use crate::auth::Scope;
use crate::auth::store::ApiKeyRow;
use crate::kernel::{Timestamp, UserId};

/// A key, without the key itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ApiKey"))]
struct KeyPart {
    /// `key_` and a ULID.
    #[cfg_attr(test, schemars(extend(
        "pattern" = "^key_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
        "examples" = ["key_01JZX0000000000000000000EX"],
    )))]
    id: String,
    /// What it may do.
    #[cfg_attr(test, schemars(with = "Vec<Scope>", extend("minItems" = 1, "uniqueItems" = true)))]
    scopes: Vec<String>,
    /// The one user it is good for; null: every user.
    user_id: Option<UserId>,
    /// What its maker called it.
    #[cfg_attr(test, schemars(length(max = 100)))]
    label: Option<String>,
    created_at: Timestamp,
    /// When it was last used, to the hour.
    last_used_at: Option<Timestamp>,
}

impl From<ApiKeyRow> for KeyPart {
    fn from(row: ApiKeyRow) -> Self {
        Self {
            id: row.id,
            scopes: row.scopes,
            user_id: row.user_id,
            label: row.label,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}
