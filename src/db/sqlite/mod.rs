//! D1 for native tests: SQLite in memory, with the migrations that ship.
//!
//! It is SQLite either way; what D1 does beyond that is repeated here, so that
//! a test cannot pass on what D1 would refuse or answer otherwise: how values
//! travel (`json`), what is forbidden and what is too much (`guard`). That both
//! agree is tested by `db::differential`.
//!
//! A [`Sqlite`] is a transaction on a connection that was migrated once and is
//! used again: opening one takes microseconds, and dropping it undoes all that
//! was written.

mod connection;
mod guard;
mod json;
mod tests;

use std::rc::Rc;

use std::future::ready;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use rusqlite::{Params, Row};

use crate::db::{Arg, DatabaseError, Engine, Statement};
use crate::kernel::Timestamp;

use connection::Migrated;
pub use guard::REFUSED_BY_D1 as REFUSED_FUNCTIONS;

/// A database with the shipped schema and no rows but those of the migrations.
/// Clones share it.
#[derive(Clone)]
pub struct Sqlite(Rc<Transaction>);

/// Ends when its last user does.
struct Transaction {
    /// Always there until the drop.
    connection: Option<Migrated>,
    clock: Box<dyn Fn() -> Timestamp>,
}

impl Sqlite {
    /// A fresh database. `clock` is what its `unixepoch()` reads.
    pub fn new(clock: impl Fn() -> Timestamp + 'static) -> Self {
        let connection = Migrated::take();
        connection.begin();
        Self(Rc::new(Transaction {
            connection: Some(connection),
            clock: Box::new(clock),
        }))
    }

    /// Runs the statements as one atomic batch.
    pub fn run(&self, statements: &[Statement]) -> Result<Vec<String>, DatabaseError> {
        let connection = self.connection();
        connection.set_clock((self.0.clock)());
        connection
            .batch(statements)
            .map_err(|cause| DatabaseError(format!("D1: {}", cause_of(&cause))))
    }

    /// Reads rows for an observer, past all that D1 restricts.
    pub fn query<T, P: Params>(
        &self,
        sql: &str,
        parameters: P,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let connection = self.connection();
        connection.set_clock((self.0.clock)());
        connection.query(sql, parameters, read).unwrap()
    }

    /// Writes past all that D1 restricts, as other services and operators do.
    pub fn execute<P: Params>(&self, sql: &str, parameters: P) {
        let connection = self.connection();
        connection.set_clock((self.0.clock)());
        connection.execute(sql, parameters).unwrap();
    }

    /// How many rows were ever written: while it stays the same, so does all
    /// that can be read.
    pub fn total_changes(&self) -> u64 {
        self.connection().total_changes()
    }

    fn connection(&self) -> &Migrated {
        self.0.connection.as_ref().unwrap()
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && !std::thread::panicking()
        {
            connection.give_back();
        }
    }
}

impl Engine for Sqlite {
    fn batch<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> LocalBoxFuture<'a, Result<Vec<String>, DatabaseError>> {
        ready(self.run(statements)).boxed_local()
    }

    fn size(&self) -> Option<u64> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
        let size = self.query(sql, [], |row| row.get::<_, i64>(0));
        size.first().map(|size| size.unsigned_abs())
    }
}

/// The error as D1 words it, without the code that D1 appends.
fn cause_of(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, offset, .. } if *offset >= 0 => {
            format!("{msg} at offset {offset}")
        }
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::InvalidParameterCount(..) => {
            "Wrong number of parameter bindings for SQL query.".to_owned()
        }
        other => other.to_string(),
    }
}

/// A parameter as D1 binds it: every number is a REAL.
impl rusqlite::ToSql for Arg {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => rusqlite::types::Null.into(),
            Self::Text(text) => text.as_str().into(),
            #[expect(
                clippy::cast_precision_loss,
                reason = "JavaScript rounds in the same way"
            )]
            Self::Int(number) => (*number as f64).into(),
        })
    }
}
