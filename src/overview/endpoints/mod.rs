//! How the service stands, and how it went.

pub mod overview;
pub mod stats;
#[cfg(test)]
mod tests;
