//! The runtime: the only place that knows Workers.

pub mod fetch;
