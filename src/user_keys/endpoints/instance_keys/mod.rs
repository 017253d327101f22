//! API keys of an instance.

pub mod create;
pub mod list;
pub mod revoke;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::Timestamp;
use crate::user_keys::InstanceName;
use crate::user_keys::authorization::Flags;
use crate::user_keys::store::KeyRow;

/// An API key of an instance, without the key itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "InstanceApiKey"))]
struct KeyPart {
    /// `ikey_` and a ULID.
    #[cfg_attr(test, schemars(extend(
        "pattern" = "^ikey_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
        "examples" = ["ikey_01JZX0000000000000000000EX"],
    )))]
    id: String,
    instance: InstanceName,
    /// Acts on every user of the instance.
    ignore_acl: bool,
    /// May make users. Kept for clients that ask for it.
    allow_user_create: bool,
    /// May make groups. Kept for clients that ask for it.
    allow_group_create: bool,
    /// May read what is open to everyone.
    allow_anonymous_read: bool,
    /// What its maker called it.
    #[cfg_attr(test, schemars(length(max = 100)))]
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
