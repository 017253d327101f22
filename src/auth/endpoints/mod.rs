//! Personal and service API keys.

pub mod create_api_key;
pub mod list_api_keys;
pub mod revoke_api_key;

use serde::Serialize;

use crate::auth::store::ApiKeyRow;
use crate::kernel::{Timestamp, UserId};

/// A key's metadata.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyPart {
    id: String,
    scopes: Vec<String>,
    user_id: Option<UserId>,
    label: Option<String>,
    created_at: Timestamp,
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
