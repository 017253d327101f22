//! What an engine can get wrong, one by one.

use std::cell::Cell;
use std::rc::Rc;

use crate::db::sqlite::{REFUSED_FUNCTIONS, Sqlite};
use crate::db::{Arg, Statement};
use crate::kernel::Timestamp;

use super::{Mirror, leaked};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn mirror() -> Mirror {
    Mirror::new(&Rc::new(Cell::new(NOW)))
}

fn plain(sql: &'static str) -> Statement {
    Statement::new(sql, [])
}

fn with(sql: &'static str, args: impl IntoIterator<Item = Arg>) -> Statement {
    Statement::new(sql, args)
}

const ADD: &str = "INSERT INTO users (uuid, email, created_at) VALUES (?1, ?2, ?3)";

fn add(uuid: &str, email: &str) -> Statement {
    with(ADD, [uuid.into(), email.into(), "2024-01-15".into()])
}

/// Repeats a part, with something between.
fn chain(part: &str, times: usize, between: &str) -> String {
    vec![part; times].join(between)
}

#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn values_travel_alike() {
    let mirror = mirror();
    let numbers = [0, 1, -1, 42, 1 << 53, (1 << 53) + 1, i64::MAX, i64::MIN];
    for number in numbers {
        let sql =
            "SELECT ?1 AS a, typeof(?1) AS t, CAST(?1 AS TEXT) AS c, ?1 = 42 AS e, quote(?1) AS q";
        mirror.run(&[with(sql, [Arg::Int(number)])]).unwrap();
    }
    let texts = [
        "",
        "a",
        "ä€😀",
        "a\"\\/\n\r\t\u{8}\u{b}\u{c}\u{1f}\u{7f}",
        "\u{2028}",
        "a\0b",
        "42",
        "1e3",
    ];
    for text in texts {
        let sql = "SELECT ?1 AS a, typeof(?1) AS t, length(?1) AS l, hex(?1) AS h, ?1 + 0 AS n";
        mirror.run(&[with(sql, [text.into()])]).unwrap();
    }
    mirror
        .run(&[
            with("SELECT ?1 AS a, ?2 AS b, typeof(?2) AS t", [Arg::Null, true.into()]),
            plain("SELECT 9223372036854775807 AS a, -9223372036854775808 AS b, 9007199254740993 AS c"),
            plain("SELECT 1e20 AS a, 1e21 AS b, 123456789012345680000.0 AS c, 1e300 AS d, -1e21 AS e"),
            plain("SELECT 1e-6 AS a, 1e-7 AS b, 5e-324 AS c, 0.1 AS d, 1 / 3.0 AS e, -0.0 AS f, 1.0 AS g"),
            plain("SELECT 9e999 AS a, -9e999 AS b, TRUE AS c, FALSE AS d, 1 = 1 AS e, NULL AS f"),
            plain("SELECT x'00ff80' AS a, x'' AS b, CAST(x'ff41' AS TEXT) AS c, zeroblob(3) AS d"),
            plain("SELECT '1' AS a, 1 AS b, 2 AS a, 'x' AS \"10\", 'y' AS \"2\", 1.5"),
            plain("SELECT * FROM (SELECT 1 AS a, 2 AS b) x JOIN (SELECT 3 AS a, 4 AS c) y"),
            plain("SELECT 1 AS a WHERE 0"),
        ])
        .unwrap();
}

/// Columns have affinities, and every number comes as a REAL.
#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn columns_store_alike() {
    let mirror = mirror();
    mirror
        .run(&[
            with(ADD, ["ann".into(), "ann@example.com".into(), Arg::Int(42)]),
            with(ADD, [Arg::Int(7), "Seven@Example.com ".into(), true.into()]),
            with(ADD, ["bob".into(), Arg::Null, "".into()]),
            plain("SELECT uuid, typeof(uuid) AS t, created_at, typeof(created_at) AS c FROM users ORDER BY uuid"),
            with(
                "INSERT INTO threedeye_removals (email_key, removed_at) VALUES (?1, ?2) RETURNING removed_at, typeof(removed_at) AS t",
                ["a".into(), NOW.into()],
            ),
            with("SELECT email_key FROM threedeye_removals WHERE removed_at = ?1", [NOW.into()]),
            with("SELECT uuid FROM users WHERE created_at = ?1", [Arg::Int(42)]),
            with("SELECT uuid FROM users WHERE uuid IN (SELECT value FROM json_each(?1)) ORDER BY uuid", ["[\"ann\",7,7.0,null]".into()]),
        ])
        .unwrap();
    let text_for_a_number = with(
        "INSERT INTO threedeye_removals (email_key, removed_at) VALUES (?1, ?2)",
        ["b".into(), "no number".into()],
    );
    // The table is STRICT.
    assert!(mirror.run(&[text_for_a_number]).is_err());
}

#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn changes_and_row_ids_are_counted_alike() {
    let mirror = mirror();
    let changes = || plain("SELECT changes() AS n, last_insert_rowid() > 0 AS r");
    let touch = "UPDATE users SET phone_number = ?1 WHERE email_key IS NOT NULL";
    mirror
        .run(&[
            add("ann", "one@example.com"),
            changes(),
            add("bob", " "),
            changes(),
        ])
        .unwrap();
    // What the batch before has changed is still told.
    let sqlite = Sqlite::new(|| NOW);
    sqlite.run(&[add("ann", "one@example.com")]).unwrap();
    assert_eq!(sqlite.run(&[changes()]).unwrap(), [r#"[{"n":1,"r":1}]"#]);
    mirror
        .run(&[
            with(touch, ["1".into()]),
            changes(),
            with(touch, ["1".into()]),
            changes(),
            plain("UPDATE users SET email = 'x@example.com' WHERE uuid = 'bob' RETURNING uuid, email_key"),
            changes(),
            plain("DELETE FROM users WHERE uuid = 'nobody'"),
            changes(),
            plain("INSERT INTO users (uuid, email, created_at) VALUES ('ann', NULL, '') ON CONFLICT DO NOTHING"),
            changes(),
            plain("INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES ('ann', 'new@example.com', '') RETURNING uuid"),
            changes(),
            plain("SELECT count(*) AS n FROM provisioning_queue"),
            changes(),
            plain("DELETE FROM users"),
            changes(),
        ])
        .unwrap();
}

#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn a_batch_that_fails_leaves_nothing() {
    let mirror = mirror();
    for last in [
        add("ann", "two@example.com"),
        plain("INSERT INTO provisioning_queue VALUES ('nobody', 'x', 1, 1)"),
        plain("INSERT INTO audit_log (at) VALUES (NULL)"),
        plain(
            "INSERT INTO threedeye_users (user_id, state, created_at, updated_at) VALUES ('ann', 'odd', 1, 1)",
        ),
        plain("SELECT json('{')"),
        plain("SELECT abs(-9223372036854775808)"),
        plain("SELECT nothing FROM users"),
        plain("SELECT 1 FROM nothing"),
        plain("SELEC 1"),
        plain("SELECT 1 AS a MATCH 2"),
        plain("SELECT 'a' REGEXP 'b'"),
        plain("SELECT unknown(1)"),
        plain("SELECT count() OVER (PARTITION"),
        with("SELECT ?2 AS a", [Arg::Int(1)]),
        with("SELECT ?1 AS a", []),
        with("SELECT ?1 AS a", [Arg::Int(1), Arg::Int(2)]),
        with("SELECT 1 AS a", [Arg::Int(1)]),
    ] {
        mirror.empty();
        mirror
            .run(&[
                add("ann", "one@example.com"),
                add("bob", "two@example.com"),
                last,
            ])
            .unwrap_err();
    }
}

#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn limits_are_alike() {
    let mirror = mirror();
    let columns = |count: usize| {
        let columns: Vec<String> = (0..count).map(|column| format!("1 AS c{column}")).collect();
        columns.join(", ")
    };
    let parameters = |count: usize| {
        let places: Vec<String> = (1..=count).map(|place| format!("?{place}")).collect();
        format!("SELECT 1 AS a WHERE 1 IN ({})", places.join(", "))
    };
    let fits_and_not = [
        (
            format!("SELECT {} AS a", chain("1", 100, " + ")),
            format!("SELECT {} AS a", chain("1", 101, " + ")),
        ),
        (
            chain("SELECT 1 AS a", 5, " UNION ALL "),
            chain("SELECT 1 AS a", 6, " UNION ALL "),
        ),
        (
            format!("SELECT 'a' LIKE '{}' AS a", chain("a", 50, "")),
            format!("SELECT 'a' LIKE '{}' AS a", chain("a", 51, "")),
        ),
        (
            format!("SELECT 'a' GLOB '{}' AS a", chain("a", 50, "")),
            format!("SELECT 'a' GLOB '{}' AS a", chain("a", 51, "")),
        ),
        (
            format!("SELECT max({}) AS a", chain("1", 127, ", ")),
            format!("SELECT max({}) AS a", chain("1", 128, ", ")),
        ),
        (
            format!("SELECT {}", columns(100)),
            format!("SELECT {}", columns(101)),
        ),
        (
            format!("SELECT '{}' AS a", chain("a", 99_900, "")),
            format!("SELECT '{}' AS a", chain("a", 100_000, "")),
        ),
    ];
    for (fits, too_much) in fits_and_not {
        mirror.run(&[plain(leaked(fits))]).unwrap();
        mirror.run(&[plain(leaked(too_much))]).unwrap_err();
    }
    let numbers = |count: usize| vec![Arg::Int(1); count];
    mirror
        .run(&[with(leaked(parameters(100)), numbers(100))])
        .unwrap();
    mirror
        .run(&[with(leaked(parameters(101)), numbers(101))])
        .unwrap_err();
}

#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn what_d1_refuses_is_refused() {
    let mirror = mirror();
    for sql in [
        "BEGIN",
        "BEGIN IMMEDIATE",
        "COMMIT",
        "END",
        "ROLLBACK",
        "SAVEPOINT mine",
        "RELEASE mine",
        "ROLLBACK TO mine",
        "ATTACH ':memory:' AS other",
        "DETACH main",
        "CREATE TEMP TABLE other (a)",
        "PRAGMA user_version",
        "PRAGMA journal_mode",
        "PRAGMA compile_options",
        "PRAGMA cache_size",
        "PRAGMA integrity_check",
        "PRAGMA page_count",
        "SELECT * FROM pragma_cache_size",
    ] {
        mirror.run(&[plain(sql)]).unwrap_err();
    }
}

/// The list in `guard` is D1's, neither more nor less.
#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn the_same_functions_are_refused() {
    let mirror = mirror();
    let functions: Vec<(String, i64)> = mirror.sqlite.borrow().query(
        "SELECT DISTINCT name, narg FROM pragma_function_list WHERE name NOT GLOB '*[^a-z0-9_]*'",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    );
    assert!(functions.len() > 100);
    for (name, arguments) in functions {
        let count = match arguments {
            // At least so many, less three.
            ..=-3 => -arguments - 2,
            -2..0 => 1,
            exact => exact,
        };
        let arguments = chain("1", usize::try_from(count).unwrap(), ", ");
        let call = leaked(format!("SELECT {name}({arguments}) AS a"));
        let refused = match mirror.d1.run(&[plain(call)]) {
            Err(error) => error.to_string().contains("not authorized"),
            Ok(_) => false,
        };
        assert_eq!(
            refused,
            REFUSED_FUNCTIONS.contains(&name.as_str()),
            "{call}"
        );
    }
}

/// The schema as SQLite has it is the schema as D1 has it.
#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn foreign_keys_hold_and_triggers_do_not_recur() {
    let mirror = mirror();
    let settings = ["PRAGMA foreign_keys", "PRAGMA recursive_triggers"];
    let d1 = mirror.d1.run(&settings.map(plain)).unwrap();
    assert_eq!(
        d1,
        [r#"[{"foreign_keys":1}]"#, r#"[{"recursive_triggers":0}]"#]
    );
    let sqlite = mirror.sqlite.borrow();
    for setting in settings {
        let value: Vec<u32> = sqlite.query(setting, [], |row| row.get(0));
        assert_eq!(value, [u32::from(setting.contains("keys"))]);
    }
    let schema = "SELECT name, sql FROM sqlite_schema
                  WHERE name NOT GLOB '_cf_*' AND name <> 'conformance_clock' ORDER BY name";
    let schema_of_d1: Vec<(String, Option<String>)> =
        serde_json::from_str::<Vec<serde_json::Value>>(
            &mirror.d1.run(&[plain(schema)]).unwrap()[0],
        )
        .unwrap()
        .into_iter()
        .map(|row| {
            (
                row["name"].as_str().unwrap().to_owned(),
                row["sql"].as_str().map(ToOwned::to_owned),
            )
        })
        .collect();
    let schema_of_sqlite: Vec<(String, Option<String>)> =
        sqlite.query(schema, [], |row| Ok((row.get(0)?, row.get(1)?)));
    for (native, real) in schema_of_sqlite.iter().zip(&schema_of_d1) {
        assert_eq!(native.0, real.0);
    }
    assert_eq!(schema_of_sqlite.len(), schema_of_d1.len());
}

#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn triggers_read_the_same_clock() {
    let clock = Rc::new(Cell::new(NOW));
    let mirror = Mirror::new(&clock);
    mirror.run(&[add("ann", "one@example.com")]).unwrap();
    clock.set(NOW.plus(std::time::Duration::from_millis(61_999)));
    mirror.run(&[add("bob", "two@example.com")]).unwrap();
    let due = mirror.run(&[plain(
        "SELECT due_at FROM provisioning_queue ORDER BY user_id",
    )]);
    assert_eq!(
        due.unwrap(),
        [r#"[{"due_at":1800000000000},{"due_at":1800000061000}]"#]
    );
}
