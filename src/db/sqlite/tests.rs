//! The engine's own promises; that D1 keeps the same ones is for `db::differential` to tell.

use std::cell::Cell;
use std::rc::Rc;

use serde::Deserialize;

use super::Sqlite;
use super::connection::migrations;
use super::json::number;
use crate::db::{Arg, Statement};
use crate::kernel::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_999);

fn fresh() -> Sqlite {
    Sqlite::new(|| NOW)
}

fn add(uuid: &'static str) -> Statement {
    let sql = "INSERT INTO users (uuid, email, created_at) VALUES (?1, ?1 || '@example.com', '')";
    Statement::new(sql, [uuid.into()])
}

fn count(database: &Sqlite) -> i64 {
    database.query("SELECT count(*) FROM users", [], |row| row.get(0))[0]
}

/// The answer to one statement, or why there is none.
fn ask(database: &Sqlite, sql: &'static str, args: impl IntoIterator<Item = Arg>) -> String {
    let answers = database.run(&[Statement::new(sql, args)]);
    answers.map_or_else(|error| error.to_string(), |answers| answers[0].clone())
}

#[test]
fn a_dropped_database_leaves_nothing_to_the_next_one() {
    {
        let database = fresh();
        database.run(&[add("ann")]).unwrap();
        assert_eq!(count(&database), 1);
        let other = fresh();
        assert_eq!(count(&other), 0);
    }
    for _ in 0..3 {
        let database = fresh();
        assert_eq!(count(&database), 0);
        assert_eq!(ask(&database, "SELECT changes() AS n", []), r#"[{"n":0}]"#);
        database.run(&[add("ann")]).unwrap();
    }
}

#[test]
fn a_batch_takes_effect_as_a_whole_or_not_at_all() {
    let database = fresh();
    let refused = database.run(&[add("ann"), add("bob"), add("ann")]);
    let error = refused.unwrap_err().to_string();
    assert_eq!(error, "D1: UNIQUE constraint failed: users.uuid");
    assert_eq!(count(&database), 0);
    database.run(&[add("ann"), add("bob")]).unwrap();
    assert_eq!(count(&database), 2);
}

#[test]
fn triggers_read_the_clock_of_the_test() {
    let now = Rc::new(Cell::new(NOW));
    let clock = Rc::clone(&now);
    let database = Sqlite::new(move || clock.get());
    database.run(&[add("ann")]).unwrap();
    now.set(Timestamp::from_millis(NOW.as_millis() + 5_000));
    database.run(&[add("bob")]).unwrap();
    let due: Vec<i64> = database.query(
        "SELECT due_at FROM provisioning_queue ORDER BY user_id",
        [],
        |row| row.get(0),
    );
    assert_eq!(due, [1_800_000_000_000, 1_800_000_005_000]);
}

#[test]
fn other_services_may_run_statements_that_the_service_may_not() {
    let database = fresh();
    database.execute("PRAGMA user_version = 7", []);
    database.execute(
        "INSERT INTO users (uuid, created_at) VALUES (?1, '')",
        ["ann"],
    );
    assert_eq!(count(&database), 1);
    let version: Vec<u32> = database.query("PRAGMA user_version", [], |row| row.get(0));
    assert_eq!(version, [7]);
    assert!(
        database
            .run(&[Statement::new("PRAGMA user_version", [])])
            .is_err()
    );
}

#[test]
fn what_is_written_is_counted_also_by_triggers() {
    let database = fresh();
    let before = database.total_changes();
    ask(&database, "SELECT count(*) FROM users", []);
    ask(&database, "UPDATE users SET email = NULL", []);
    assert_eq!(database.total_changes(), before);
    database.run(&[add("ann")]).unwrap();
    // The user, the place in the queue and the total.
    assert_eq!(database.total_changes(), before + 3);
}

#[test]
fn the_service_neither_changes_the_schema_nor_reads_ambient_time() {
    let database = fresh();
    for sql in [
        "CREATE TABLE other (a)",
        "DROP TABLE users",
        "PRAGMA foreign_keys = 0",
        "PRAGMA table_info(users)",
        "ANALYZE",
        "SELECT random() AS a",
        "SELECT current_timestamp AS a",
        "SELECT strftime('%s') AS a",
        "SELECT unixepoch('now') AS a",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE users",
    ] {
        assert!(database.run(&[Statement::new(sql, [])]).is_err(), "{sql}");
    }
    assert_eq!(
        ask(&database, "SELECT unixepoch() AS a", []),
        r#"[{"a":1800000000}]"#
    );
}

/// Within a transaction that is never committed a deferred one would not be checked.
#[test]
fn no_foreign_key_waits_for_the_end_of_a_transaction() {
    for migration in migrations() {
        let sql = std::fs::read_to_string(&migration).unwrap().to_uppercase();
        assert!(!sql.contains("DEFERRABLE"), "{migration:?}");
    }
    let orphan = "INSERT INTO provisioning_queue VALUES ('x', 'x', 1, 1)";
    assert_eq!(
        ask(&fresh(), orphan, []),
        "D1: FOREIGN KEY constraint failed"
    );
}

#[test]
fn numbers_are_written_as_javascript_does() {
    for (given, expected) in [
        (0.0, "0"),
        (-0.0, "0"),
        (42.0, "42"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (1.0 / 3.0, "0.3333333333333333"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (5e-324, "5e-324"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (-1.25e300, "-1.25e+300"),
        (9_223_372_036_854_775_807_f64, "9223372036854776000"),
        (f64::INFINITY, "null"),
        (f64::NAN, "null"),
    ] {
        assert_eq!(number(given), expected);
    }
}

#[test]
fn of_columns_with_the_same_name_the_last_one_is_told() {
    #[derive(Deserialize)]
    struct Row {
        a: i64,
        b: i64,
    }
    let answer = ask(&fresh(), "SELECT 1 AS a, 2 AS b, ?1 AS a", [Arg::Int(3)]);
    let rows: Vec<Row> = serde_json::from_str(&answer).unwrap();
    assert_eq!((rows[0].a, rows[0].b), (3, 2));
}
