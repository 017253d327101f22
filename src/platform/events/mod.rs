//! The runtime's events with messages and requests, converted to ours and back.

pub mod fetch;
pub mod queue;
