//! Account keys, which whoever runs an instance holds: made, listed, revoked.

pub mod create;
pub mod list;
pub mod revoke;

use serde::Serialize;

use crate::kernel::Timestamp;
use crate::user_keys::InstanceName;
use crate::user_keys::admission::Role;
use crate::user_keys::store::KeyRow;

/// A key as answers show it: without the key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyPart {
    id: String,
    instance: InstanceName,
    role: &'static str,
    label: Option<String>,
    created_at: Timestamp,
}

impl From<KeyRow<Role>> for KeyPart {
    fn from(row: KeyRow<Role>) -> Self {
        Self {
            id: row.id,
            instance: row.instance,
            role: row.grant.as_str(),
            label: row.label,
            created_at: row.created_at,
        }
    }
}
