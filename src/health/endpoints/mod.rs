//! What administrators are told of the service itself.

pub mod system;
