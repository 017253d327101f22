//! The database: statements, typed batches, the audit trail.
//!
//! [`Database::run`] is one round trip and one atomic transaction, whether it holds one
//! statement or ten. D1 has no interactive transactions, so what must be read, decided and
//! written together is one guarded statement or one batch.

mod audit;
mod batch;
#[cfg(test)]
pub(crate) mod bridge;
mod column;
#[cfg(test)]
pub(crate) mod differential;
mod engine;
mod error;
#[cfg(test)]
pub(crate) mod faulty;
#[cfg(test)]
pub(crate) mod sqlite;
mod statement;

use std::rc::Rc;

pub(crate) use audit::audit_rows;
pub use audit::{AuditParameter, audit_change, audit_insert, audit_json};
pub use batch::{Batch, Results, Slot};
pub use column::{flag, flag_or_null, json, user_id, user_id_or_null};
pub use engine::Engine;
pub use error::DatabaseError;
pub use statement::{Arg, Statement, json_text};

/// The only database.
#[derive(Clone)]
pub struct Database(Rc<dyn Engine>);

impl Database {
    pub fn new(engine: Rc<dyn Engine>) -> Self {
        Self(engine)
    }

    /// Runs the batch as one transaction in one round trip.
    pub async fn run(&self, batch: Batch) -> Result<Results, DatabaseError> {
        self.0.batch(batch.statements()).await.map(Results::new)
    }
}
