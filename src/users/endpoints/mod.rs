//! What support sees of users.

pub mod detail;
mod history;
pub mod list;
pub mod reveal;
mod row;
pub mod search;

#[cfg(test)]
mod tests;
