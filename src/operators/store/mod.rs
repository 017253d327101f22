//! Operators and sessions in SQL.

mod find_session;
mod touch;

#[cfg(test)]
mod tests;

pub use find_session::find_session;
pub use touch::touch_session;
