//! Runs the SQL of `docs/OPERATIONS.md` on the schema that ships.

use crate::db::sqlite::Sqlite;
use crate::kernel::Timestamp;

const OPERATIONS: &str = include_str!("../../docs/OPERATIONS.md");

#[test]
fn the_statements_of_the_operations_guide_run() {
    // The texts in quotes after `sql`. A shell variable in one stands within SQL's quotes.
    let texts = OPERATIONS.split("sql \"").skip(1);
    let statements = texts.filter_map(|rest| rest.split_once('"'));
    let database = Sqlite::new(|| Timestamp::from_millis(0));
    // `query` panics with the reason for a statement that SQLite refuses.
    let run = statements.map(|(sql, _)| database.query(sql, [], |_| Ok(())));
    // Every one that is written down was found.
    let is_statement = |line: &&str| line.trim_start().starts_with("sql \"");
    let written = OPERATIONS.lines().filter(is_statement).count();
    assert!(written > 5);
    assert_eq!(run.count(), written);
}
