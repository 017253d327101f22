//! What support sees of users.

pub mod detail;
pub mod list;
pub mod reveal;
mod row;
pub mod search;

#[cfg(test)]
mod tests;
