//! SQLite and D1 side by side: what native tests run on is what is deployed.

mod traps;

use futures_util::future::LocalBoxFuture;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::Value;

use crate::db::DatabaseError;
use crate::db::{Database, Engine, Statement};
use crate::kernel::Timestamp;

use super::bridge::Bridge;
use super::sqlite::Sqlite;

/// Makes two tests of each case: on the native engine, and on that and D1 side by side.
macro_rules! mirrored_tests {
    ($store:ident: $($case:ident,)+) => {
        mod on_sqlite {
            $(
                #[test]
                fn $case() {
                    super::$case(&super::$store::on_sqlite());
                }
            )+
        }

        mod mirrored_on_d1 {
            $(
                #[test]
                #[ignore = "needs node and the npm packages; npm test runs it"]
                fn $case() {
                    super::$case(&super::$store::mirrored());
                }
            )+
        }
    };
}
pub(crate) use mirrored_tests;

/// An engine that runs every batch on both and compares the answers, and after
/// each batch all that is stored.
///
/// # Panics
///
/// Panics where they differ.
pub struct Mirror {
    sqlite: RefCell<Sqlite>,
    d1: Bridge,
    clock: Rc<Cell<Timestamp>>,
    /// Reads of all tables.
    dumps: Vec<Statement>,
}

impl Mirror {
    /// Two databases without rows but those of the migrations. `clock` is what
    /// `unixepoch()` reads on both.
    pub fn new(clock: &Rc<Cell<Timestamp>>) -> Self {
        let tell = {
            let clock = Rc::clone(clock);
            move || clock.get()
        };
        let sqlite = Sqlite::new(tell.clone());
        let mirror = Self {
            dumps: dumps(&sqlite),
            sqlite: RefCell::new(sqlite),
            d1: Bridge::lend(tell),
            clock: Rc::clone(clock),
        };
        mirror.empty();
        mirror
    }

    /// Both as one database whose clock stands still, and the native one to read.
    pub fn database(now: Timestamp) -> (Database, Sqlite) {
        let mirror = Self::new(&Rc::new(Cell::new(now)));
        let sqlite = mirror.sqlite.borrow().clone();
        (Database::new(Rc::new(mirror)), sqlite)
    }

    /// Both as if they were new.
    pub fn empty(&self) {
        let clock = Rc::clone(&self.clock);
        // Dropped first, so that its connection is the new one's.
        drop(self.sqlite.replace(Sqlite::new(Timestamp::default)));
        self.sqlite.replace(Sqlite::new(move || clock.get()));
        let sqlite = self.sqlite.borrow();
        let mut statements: Vec<Statement> = tables(&sqlite)
            .iter()
            .filter(|table| *table != "schema_version" && *table != "provisioning_totals")
            .map(|table| Statement::new(leaked(format!("DELETE FROM {table}")), []))
            .collect();
        // The triggers of the others write in these.
        statements.push(Statement::new("DELETE FROM provisioning_queue", []));
        statements.push(Statement::new(
            "UPDATE provisioning_totals SET value = 0",
            [],
        ));
        statements.push(Statement::new("DELETE FROM sqlite_sequence", []));
        self.d1.run(&statements).unwrap();
        self.compare_tables(&self.d1.run(&self.dumps).unwrap());
    }

    /// Runs the statements on both.
    pub fn run(&self, statements: &[Statement]) -> Result<Vec<String>, DatabaseError> {
        let native = self.sqlite.borrow().run(statements);
        let all = [statements, &self.dumps].concat();
        let mut real = self.d1.run(&all);
        let dumps = match &mut real {
            Ok(answers) => answers.split_off(statements.len()),
            Err(_) => self.d1.run(&self.dumps).unwrap(),
        };
        match (&native, &real) {
            (Ok(native), Ok(real)) => {
                for ((statement, native), real) in statements.iter().zip(native).zip(real) {
                    let answers = (rows(statement, native), rows(statement, real));
                    assert_eq!(answers.0, answers.1, "SQLite, D1: {statement:#?}");
                }
            }
            (Err(native), Err(real)) => {
                let (native, real) = (native.to_string(), real.to_string());
                assert!(
                    is_same_refusal(&native, &real),
                    "SQLite: {native}\n{real}\n{statements:#?}"
                );
            }
            _ => panic!("SQLite: {native:?}\nD1: {real:?}\n{statements:#?}"),
        }
        self.compare_tables(&dumps);
        native
    }

    fn compare_tables(&self, real: &[String]) {
        let native = self.sqlite.borrow().run(&self.dumps).unwrap();
        for ((dump, native), real) in self.dumps.iter().zip(&native).zip(real) {
            assert_eq!(
                rows(dump, native),
                rows(dump, real),
                "SQLite, D1: {}",
                dump.sql
            );
        }
    }
}

impl Engine for Mirror {
    fn batch<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> LocalBoxFuture<'a, Result<Vec<String>, DatabaseError>> {
        Box::pin(async move { self.run(statements) })
    }

    fn size(&self) -> Option<u64> {
        self.sqlite.borrow().size()
    }
}

/// An answer to compare: sorted unless its order is promised.
fn rows(statement: &Statement, json: &str) -> Vec<Value> {
    let mut rows: Vec<Value> = serde_json::from_str(json).unwrap();
    if !statement.sql.contains("ORDER BY") || statement.sql.contains("RETURNING") {
        rows.sort_by_cached_key(Value::to_string);
    }
    rows
}

/// D1 appends codes, and has words of its own for what the authorizer refuses.
fn is_same_refusal(native: &str, real: &str) -> bool {
    let plain = real.split(": SQLITE_").next().unwrap_or(real);
    native == plain || (native.contains("not authorized") && is_unauthorized(real))
}

fn is_unauthorized(real: &str) -> bool {
    real.contains("not authorized") || real.contains("To execute a transaction, please use")
}

fn tables(sqlite: &Sqlite) -> Vec<String> {
    sqlite.query(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        [],
        |row| row.get(0),
    )
}

/// A read for each table, with the types of what is stored.
fn dumps(sqlite: &Sqlite) -> Vec<Statement> {
    let dump = |table: &String| {
        let columns: Vec<String> = sqlite.query(
            "SELECT name FROM pragma_table_xinfo(?1)",
            [table.as_str()],
            |row| row.get(0),
        );
        let quoted: Vec<String> = columns
            .iter()
            .map(|column| format!("quote({column}) AS {column}"))
            .collect();
        let sql = format!("SELECT {} FROM {table}", quoted.join(", "));
        Statement::new(leaked(sql), [])
    };
    tables(sqlite).iter().map(dump).collect()
}

/// Statements live as long as the program; these are few.
fn leaked(sql: String) -> &'static str {
    Box::leak(sql.into_boxed_str())
}
