//! Account security: what protects a person's account, and how people hear of changes.
//!
//! | file | what it holds |
//! |---|---|
//! | `notice` | what people are told of, by way of an outbox |
//!
//! Everything here is pure: nothing knows D1, Workers or our own HTTP.

pub mod notice;

pub use notice::{Notice, NoticeKind};
