//! Users of an instance.

pub mod create;
pub mod delete;
pub mod list;
pub mod reset_key;
