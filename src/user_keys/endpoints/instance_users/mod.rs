//! Users of an instance: made, listed, deleted.

pub mod create;
pub mod delete;
pub mod list;
