//! The audit trail, a page at a time and as a file.

pub mod export;
mod filter;
pub mod list;
#[cfg(test)]
mod tests;
