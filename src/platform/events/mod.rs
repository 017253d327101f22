//! Requests and messages of the runtime, converted to ours and back.

pub mod fetch;
pub mod queue;
