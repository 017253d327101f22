//! Whether the service is in working order.

pub mod endpoint;
pub mod endpoints;
pub mod store;
