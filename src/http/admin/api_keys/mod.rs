//! Personal and service API keys: made, listed, revoked.

pub mod create;
pub mod list;
pub mod revoke;

use serde::Serialize;

use crate::kernel::{Timestamp, UserId};
use crate::platform::d1::ApiKeyRow;

/// A key as the list shows it: without the key.
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
