//! Account keys, for the operator of an instance.

pub mod create;
pub mod list;
pub mod revoke;
