//! Why a database call failed.

/// The database failed, or holds a value that it should not. The text is for the log
/// only: it names places, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DatabaseError(pub String);

impl DatabaseError {
    /// A stored value that cannot be read, told by where it is.
    pub fn bad_value(table: &str, column: &str, row: &str) -> Self {
        Self(format!("{table}.{column} of row {row} is not readable"))
    }
}
