//! Account keys, for the operator of an instance.

pub mod create;
pub mod list;
pub mod revoke;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::Timestamp;
use crate::user_keys::InstanceName;
use crate::user_keys::authorization::Role;
use crate::user_keys::store::KeyRow;

/// An account key, without the key itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "AccountKey"))]
struct KeyPart {
    /// `akey_` and a ULID.
    #[cfg_attr(test, schemars(extend(
        "pattern" = "^akey_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
        "examples" = ["akey_01JZX0000000000000000000EX"],
    )))]
    id: String,
    instance: InstanceName,
    #[cfg_attr(test, schemars(with = "Role"))]
    role: &'static str,
    /// What its maker called it.
    #[cfg_attr(test, schemars(length(max = 100)))]
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
