//! A migrated connection, lent to one test or schedule at a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{CachedStatement, Connection, Params, Row};

use crate::db::Statement;
use crate::kernel::Timestamp;

use super::{guard, json};

/// Connections that are not in use. Test threads come and go; a
/// migration and the preparing of the statements cost milliseconds.
static IDLE: Mutex<Vec<Migrated>> = Mutex::new(Vec::new());

/// As many statements stay prepared: more than the service has.
const PREPARED: usize = 1000;

/// A connection with the shipped schema, outside or inside a transaction.
pub struct Migrated {
    connection: Connection,
    /// What `unixepoch()` answers.
    seconds: Arc<AtomicI64>,
    /// Whether the statement that is being prepared is the service's own.
    guarded: Arc<AtomicBool>,
}

impl Migrated {
    /// An idle connection, or a new one.
    pub fn take() -> Self {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Self::open().unwrap())
    }

    /// Undoes all that was written, and lets others use the connection.
    pub fn give_back(self) {
        if self.execute("ROLLBACK", []).is_ok() {
            let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(self);
        }
    }

    fn open() -> rusqlite::Result<Self> {
        let mut connection = Connection::open_in_memory()?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        for migration in migrations() {
            connection.execute_batch(&fs::read_to_string(migration).unwrap())?;
        }
        let (seconds, guarded) = (Arc::default(), Arc::default());
        guard::guard(&mut connection, Arc::clone(&seconds), Arc::clone(&guarded))?;
        Ok(Self {
            connection,
            seconds,
            guarded,
        })
    }

    /// Begins what [`Self::give_back`] undoes.
    pub fn begin(&self) {
        self.execute("BEGIN", []).unwrap();
        // What `changes()` tells survives a rollback.
        self.execute("DELETE FROM users WHERE 0", []).unwrap();
    }

    pub fn set_clock(&self, now: Timestamp) {
        self.seconds.store(now.as_secs(), Ordering::Relaxed);
    }

    pub fn total_changes(&self) -> u64 {
        self.connection.total_changes()
    }

    /// All of the statements, or none; for each its rows as a JSON list.
    pub fn batch(&self, statements: &[Statement]) -> rusqlite::Result<Vec<String>> {
        // A single statement is atomic by itself.
        if let [statement] = statements {
            return Ok(vec![self.answer(statement)?]);
        }
        self.execute("SAVEPOINT batch", [])?;
        let answers: rusqlite::Result<_> = statements.iter().map(|one| self.answer(one)).collect();
        if answers.is_err() {
            self.execute("ROLLBACK TO batch", [])?;
        }
        self.execute("RELEASE batch", [])?;
        answers
    }

    fn answer(&self, statement: &Statement) -> rusqlite::Result<String> {
        let mut prepared = self.prepare(statement.sql)?;
        let (expected, given) = (prepared.parameter_count(), statement.args.len());
        if expected != given {
            return Err(rusqlite::Error::InvalidParameterCount(given, expected));
        }
        for (place, arg) in statement.args.iter().enumerate() {
            prepared.raw_bind_parameter(place + 1, arg)?;
        }
        json::rows(&mut prepared)
    }

    /// Rows for an observer.
    pub fn query<T, P: Params>(
        &self,
        sql: &str,
        parameters: P,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut prepared = self.prepare_unguarded(sql)?;
        prepared.query_map(parameters, read)?.collect()
    }

    pub fn execute<P: Params>(&self, sql: &str, parameters: P) -> rusqlite::Result<()> {
        self.prepare_unguarded(sql)?.execute(parameters).map(|_| ())
    }

    fn prepare(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.guarded.store(true, Ordering::Relaxed);
        self.connection.prepare_cached(sql)
    }

    /// Under a text of its own: what was prepared once is not looked at again.
    fn prepare_unguarded(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.guarded.store(false, Ordering::Relaxed);
        self.connection
            .prepare_cached(&format!("/* unguarded */ {sql}"))
    }
}

/// The files of the migrations, in their order.
pub fn migrations() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files = fs::read_dir(directory).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}
