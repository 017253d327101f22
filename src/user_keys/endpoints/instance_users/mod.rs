//! Users of an instance.

pub mod create;
pub mod delete;
pub mod list;
