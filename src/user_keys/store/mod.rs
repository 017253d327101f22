//! Instances, their keys and their users in SQL.
//!
//! Whether the instance or the account that a change needs exists is a condition of the change
//! itself. What was missing is read after it in the same batch.

mod create_instance;
mod create_key;
mod create_user;
mod delete_user;
mod find_access;
mod list_instances;
mod list_keys;
mod list_users;
mod replace_user_key;
mod reset_user_key;
mod revoke_key;

#[cfg(test)]
mod tests;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::{self, Arg, Statement};
use crate::kernel::Timestamp;
use crate::user_keys::authorization::{Flags, Role};
use crate::user_keys::{InstanceName, InstanceUserId};

pub use create_instance::{CreatedInstance, create_instance};
pub use create_key::{create_account_key, create_instance_key};
pub use create_user::{NewUser, UserNotCreated, create_user};
pub use delete_user::delete_user;
pub use find_access::find_access;
pub use list_instances::list_instances;
pub use list_keys::{KeyFilter, list_account_keys, list_instance_keys};
pub use list_users::{UserFilter, UserRow, list_users};
pub use replace_user_key::{UserNotReset, replace_user_key};
pub use reset_user_key::{KeyReset, ResetOutcome, reset_user_key};
pub use revoke_key::{revoke_account_key, revoke_instance_key};

db::row! {
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "Instance", description = "An instance."))]
    pub struct InstanceRow {
        pub name: InstanceName,
        pub created_at: Timestamp,
    }
}

db::row! {
    /// An API key of an instance, without the key itself.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "InstanceApiKey"))]
    pub struct InstanceKeyRow {
        /// `ikey_` and a ULID.
        #[cfg_attr(test, schemars(extend(
            "pattern" = "^ikey_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
            "examples" = ["ikey_01JZX0000000000000000000EX"],
        )))]
        pub id: String,
        pub instance: InstanceName,
        #[serde(flatten)]
        pub flags: Flags = flatten,
        /// What its maker called it.
        #[cfg_attr(test, schemars(length(max = 100)))]
        pub label: Option<String>,
        pub created_at: Timestamp,
        /// When it was revoked; null: it was not.
        pub revoked_at: Option<Timestamp>,
    }
}

db::row! {
    /// An account key, without the key itself.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "AccountKey"))]
    pub struct AccountKeyRow {
        /// `akey_` and a ULID.
        #[cfg_attr(test, schemars(extend(
            "pattern" = "^akey_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
            "examples" = ["akey_01JZX0000000000000000000EX"],
        )))]
        pub id: String,
        pub instance: InstanceName,
        pub role: Role,
        /// What its maker called it.
        #[cfg_attr(test, schemars(length(max = 100)))]
        pub label: Option<String>,
        pub created_at: Timestamp,
        /// When it was revoked; null: it was not.
        pub revoked_at: Option<Timestamp>,
    }
}

impl From<InstanceUserId> for Arg {
    fn from(id: InstanceUserId) -> Self {
        // Below 2^53 by its type.
        Self::Int(id.get() as i64)
    }
}

impl From<&InstanceName> for Arg {
    fn from(name: &InstanceName) -> Self {
        name.as_str().into()
    }
}

/// Reads one [`Exists`].
fn instance_exists_statement(instance: &InstanceName) -> Statement {
    const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM instances WHERE name = ?1) AS found";
    Statement::new(EXISTS, [instance.into()])
}

db::row! {
    struct Exists {
        found: bool,
    }
}
