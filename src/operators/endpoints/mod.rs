//! Signing in to the console, one's own sessions, and the operators.

pub mod begin_sign_in;
mod cookies;
pub mod create_operator;
pub mod disable_operator;
pub mod end_operator_sessions;
pub mod end_own_sessions;
pub mod end_session;
pub mod finish_sign_in;
pub mod list_operator_sessions;
pub mod list_operators;
pub mod list_own_sessions;
mod representation;
pub mod session;
pub mod update_operator;

#[cfg(test)]
mod tests;
