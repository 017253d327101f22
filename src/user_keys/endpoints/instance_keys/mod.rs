//! API keys of an instance.

pub mod create;
pub mod list;
pub mod revoke;

use serde::Serialize;

use crate::kernel::Timestamp;
use crate::user_keys::InstanceName;
use crate::user_keys::authorization::Flags;
use crate::user_keys::store::KeyRow;

/// A key's metadata.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyPart {
    id: String,
    instance: InstanceName,
    ignore_acl: bool,
    allow_user_create: bool,
    allow_group_create: bool,
    allow_anonymous_read: bool,
    label: Option<String>,
    created_at: Timestamp,
}

impl From<KeyRow<Flags>> for KeyPart {
    fn from(row: KeyRow<Flags>) -> Self {
        Self {
            id: row.id,
            instance: row.instance,
            ignore_acl: row.grant.ignore_acl,
            allow_user_create: row.grant.allow_user_create,
            allow_group_create: row.grant.allow_group_create,
            allow_anonymous_read: row.grant.allow_anonymous_read,
            label: row.label,
            created_at: row.created_at,
        }
    }
}
