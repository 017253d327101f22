//! Account keys, for the operator of an instance.

pub mod create;
pub mod list;
pub mod revoke;

use serde::Serialize;

use crate::kernel::Timestamp;
use crate::user_keys::InstanceName;
use crate::user_keys::authorization::Role;
use crate::user_keys::store::KeyRow;

/// A key's metadata.
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
