//! The database: statements, typed batches, the audit trail.
//!
//! [`Database::run`] is one round trip and one atomic transaction, whether it holds one
//! statement or ten. D1 has no interactive transactions, so what must be read, decided and
//! written together is one guarded statement or one batch.

mod audit;
mod batch;
#[cfg(test)]
pub(crate) mod bridge;
mod capped;
mod column;
#[cfg(test)]
pub(crate) mod differential;
mod engine;
mod error;
#[cfg(test)]
pub(crate) mod faulty;
pub mod lockout;
mod row;
#[cfg(test)]
pub(crate) mod sqlite;
mod statement;

use std::cell::RefCell;
use std::rc::Rc;

pub(crate) use audit::audit_rows;
pub use audit::{AuditParameter, AuditRow, audit_change, audit_insert, audit_json};
pub use batch::{Batch, Results, Slot};
pub(crate) use capped::capped;
pub(crate) use column::named_columns;
pub use column::{FromColumn, named};
pub use engine::Engine;
pub use error::DatabaseError;
pub use row::{FromRow, Row, Value};
pub(crate) use row::{column, row};
pub use statement::{Arg, Statement, json_text};

/// The ids of rows that work after the answer looks at.
pub type Notes = Rc<RefCell<Vec<String>>>;

/// The only database.
#[derive(Clone)]
pub struct Database {
    engine: Rc<dyn Engine>,
    notes: Notes,
}

row! {
    struct NotedRow {
        id: String,
    }
}

impl Database {
    pub fn new(engine: Rc<dyn Engine>) -> Self {
        Self {
            engine,
            notes: Notes::default(),
        }
    }

    /// The same database, which adds to `notes` what noted statements return.
    #[must_use]
    pub fn noting(self, notes: &Notes) -> Self {
        Self {
            notes: Rc::clone(notes),
            ..self
        }
    }

    /// How many bytes it takes, as its last answer told; `None`: it has told nothing yet.
    pub fn size(&self) -> Option<u64> {
        self.engine.size()
    }

    /// Runs the batch as one transaction in one round trip.
    pub async fn run(&self, batch: Batch) -> Result<Results, DatabaseError> {
        let results = self.engine.batch(batch.statements()).await;
        let results = results.map(Results::new)?;
        for slot in batch.noted::<NotedRow>() {
            // The batch has been committed, whatever can be read of its rows.
            let rows = results.rows(slot).unwrap_or_default().into_iter();
            self.notes.borrow_mut().extend(rows.map(|row| row.id));
        }
        Ok(results)
    }
}
