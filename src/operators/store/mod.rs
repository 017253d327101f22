//! Operators and sessions in SQL.

/// Whether another admin than the operator ?1 could sign in. What domains there are is a setting: those of ?3.
macro_rules! another_admin {
    () => {
        "EXISTS (
    SELECT 1 FROM operators o WHERE o.role = 'admin' AND o.disabled_at IS NULL AND o.id <> ?1
      AND substr(o.email_key, instr(o.email_key, '@') + 1) IN (SELECT value FROM json_each(?3)))"
    };
}

mod begin_session;
mod change_role;
mod create;
mod disable;
mod end_sessions;
mod find_operator;
mod find_session;
mod list;
mod list_sessions;
mod refuse_session;
mod sweep;
mod touch;

#[cfg(test)]
mod tests;

pub use begin_session::{Beginning, begin_session};
pub use change_role::change_role;
pub use create::{Created, create_operator, enable_operator};
pub use disable::disable_operator;
pub use end_sessions::{end_session, end_sessions};
pub use find_operator::{KnownOperator, find_by_email};
pub use find_session::find_session;
pub use list::{OperatorRow, list_operators, operator_by_id};
pub use list_sessions::{SessionRow, list_sessions};
pub use refuse_session::refuse_session;
pub use sweep::sweep_sessions;
pub use touch::touch_session;

/// What became of a change of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is as asked for, now or already.
    Done,
    Unknown,
    /// Only one who is not disabled has a role to change.
    Disabled,
    /// Without this operator no one could make others.
    LastAdmin,
}
