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

pub use caller::InstanceCaller;

#[cfg(test)]
use crate::web::openapi::{Parameter, any_text};

#[cfg(test)]
fn openapi_instance() -> Parameter {
    let description = "The name of the instance, in either case.";
    Parameter::path("Instance", "instance", description, any_text("rivia"))
}

#[cfg(test)]
fn openapi_user_id() -> Parameter {
    let description =
        "The id of a user of the instance. What is no positive integer is the id of no user.";
    Parameter::path("InstanceUserId", "id", description, any_text("9"))
}
