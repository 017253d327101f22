//! The user-key API: what clients of the instances ask, in both versions.
//!
//! | file | route under `/v1` and `/v1.1` |
//! |---|---|
//! | `reset_key` | `POST /instances/{instance}/users/{id}/reset_key/` |
//! | `user` | `GET /instances/{instance}/users/{id}/` |
//! | `own_user` | `GET /instances/{instance}/user/` |
//! | `profile_class` | `GET /instances/{instance}/classes/user_profile/` |
//!
//! `caller` authenticates and loads with one read. Its checks come in the order that clients
//! know, which has the method after the permission.

pub mod account_keys;
pub mod caller;
pub mod instance_keys;
pub mod instance_users;
pub mod instances;
pub mod own_user;
pub mod profile_class;
pub mod reset_key;
pub mod user;

pub use caller::{InstanceCaller, Requirements};

use crate::user_keys::Errand;
use crate::user_keys::representation::Version;

/// What a route under `/v1` asks of its callers.
const fn v1(errand: Errand) -> Requirements {
    Requirements {
        version: Version::V1,
        errand,
    }
}

/// What a route under `/v1.1` asks of its callers.
const fn v1_1(errand: Errand) -> Requirements {
    Requirements {
        version: Version::V1_1,
        errand,
    }
}
