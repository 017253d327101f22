//! How the service stands as a whole, and how it went: counts that are bounded however many users there are.

pub mod endpoints;
pub mod sample;
pub mod standing;
pub mod stats;

pub use standing::Overview;
