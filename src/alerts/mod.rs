//! What wakes an operator: conditions of the service as a whole, told when they begin and when they end.

pub mod condition;
pub mod delivery;
pub mod store;

pub use condition::{Condition, Finding, Observed};
