//! The user-key API for the clients of instances, in both versions. The routes for
//! administrators are in the folders.
//!
//! | file | route under `/v1` and `/v1.1` |
//! |---|---|
//! | `reset_key` | `POST /instances/{instance}/users/{id}/reset_key/` |
//! | `user` | `GET /instances/{instance}/users/{id}/` |
//! | `own_user` | `GET /instances/{instance}/user/` |
//! | `profile_class` | `GET /instances/{instance}/classes/user_profile/` |
//!
//! `caller` authenticates and loads with one read. Published clients rely on the order of its
//! checks, which has the method after the permission.

pub mod account_keys;
pub mod caller;
pub mod instance_keys;
pub mod instance_users;
pub mod instances;
pub mod own_user;
pub mod profile_class;
pub mod representation;
pub mod reset_key;
pub mod user;

#[cfg(test)]
mod tests;

pub use caller::{InstanceCaller, Requirements};

use crate::user_keys::Operation;
use crate::user_keys::endpoints::representation::Version;

/// What a route under `/v1` asks of its callers.
const fn v1(operation: Operation) -> Requirements {
    Requirements {
        version: Version::V1,
        operation,
    }
}

/// What a route under `/v1.1` asks of its callers.
const fn v1_1(operation: Operation) -> Requirements {
    Requirements {
        version: Version::V1_1,
        operation,
    }
}
