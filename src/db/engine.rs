//! What runs the statements.

use futures_util::future::LocalBoxFuture;

use super::{DatabaseError, Statement};

/// Runs statements: D1 in production (`platform::d1`), SQLite in native tests.
pub trait Engine {
    /// Runs the statements as one transaction in one round trip. Answers each statement's
    /// rows as a JSON array of objects.
    fn batch<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> LocalBoxFuture<'a, Result<Vec<String>, DatabaseError>>;

    /// How many bytes the database takes, as its last answer told; `None`: it has told nothing yet.
    fn size(&self) -> Option<u64>;
}
