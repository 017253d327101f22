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
mod reset_user_key;
mod revoke_key;

#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::db::{Arg, Statement};
use crate::kernel::Timestamp;
use crate::user_keys::{InstanceName, InstanceUserId};

pub use create_instance::{CreatedInstance, create_instance};
pub use create_key::{NewKey, create_key};
pub use create_user::{NewUser, UserNotCreated, create_user};
pub use delete_user::delete_user;
pub use find_access::find_access;
pub use list_instances::list_instances;
pub use list_keys::{list_account_keys, list_instance_keys};
pub use list_users::{UserFilter, UserRow, list_users};
pub use reset_user_key::{KeyReset, ResetOutcome, reset_user_key};
pub use revoke_key::{revoke_account_key, revoke_instance_key};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRow {
    pub name: InstanceName,
    pub created_at: Timestamp,
}

/// A client key, without the key. `G` is what it grants: the `Flags` of an instance API key,
/// the `Role` of an account key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow<G> {
    /// `ikey_` or `akey_`, and a ULID.
    pub id: String,
    pub instance: InstanceName,
    pub grant: G,
    pub label: Option<String>,
    pub created_at: Timestamp,
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

#[derive(Deserialize)]
struct Exists {
    found: u8,
}

impl Exists {
    const fn is_found(&self) -> bool {
        self.found == 1
    }
}
