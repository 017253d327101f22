//! What other services may store, and what they may not.

use super::*;
use crate::db::differential::mirrored_tests;
use crate::provisioning::store::tests::fanout::planning;

mirrored_tests! {
    StoreTest:
    an_id_that_is_no_text_blocks_no_other_user,
    roles_that_cannot_be_read_are_not_stored,
}

/// Ids and e-mails as SQLite lets others store them: it keeps any type in any column.
const MISFITS: [&str; 3] = [
    "INSERT INTO users (uuid, email, created_at) VALUES (x'0102', 'blob@example.com', '2024-01-15')",
    "INSERT INTO users (uuid, email, created_at) VALUES (NULL, 'null@example.com', '2024-01-15')",
    "INSERT INTO users (uuid, email, created_at) VALUES (7, CAST('Seven@example.com' AS BLOB), '2024-01-15')",
];

fn an_id_that_is_no_text_blocks_no_other_user(test: &StoreTest) {
    for sql in MISFITS {
        assert!(test.execute(Statement::new(sql, [])), "{sql}");
    }
    test.add("ann", ONE);
    let moved = "UPDATE users SET uuid = x'03' WHERE uuid = 'ann'";
    assert!(test.execute(Statement::new(moved, [])));
    test.add("bob", TWO);
    let due = test.due(9);
    let due: Vec<(&str, &str)> = due
        .iter()
        .map(|one| (one.user.as_str(), one.email.as_str()))
        .collect();
    assert_eq!(due, [("7", "seven@example.com"), ("bob", TWO)]);
    let planning = planning(test, "run-1", 9, 9);
    let planned = done(store::plan_run(&test.database, &planning)).unwrap();
    assert_eq!((planned.users, planned.remaining), (2, 2));
}

/// The second writes a list of roles, but as a blob.
const WRITE_ROLES: [&str; 2] = [
    "INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?1, ?2, 1)
     ON CONFLICT DO UPDATE SET role_ids = excluded.role_ids",
    "UPDATE threedeye_recovery SET role_ids = CAST(?2 AS BLOB) WHERE user_id = ?1",
];

fn roles_that_cannot_be_read_are_not_stored(test: &StoreTest) {
    let write = |sql, user: &str, roles: &str| {
        test.execute(Statement::new(sql, [user.into(), roles.into()]))
    };
    let [text, blob] = WRITE_ROLES;
    test.add("ann", ONE);
    test.add("bob", TWO);
    assert!(write(text, "ann", r#"["r1","r2"]"#));
    let half = [r#"["\uD800"]"#, r#"["r1","\\\udfff"]"#];
    let others = ["", "r1", "['r1']", "{}", "[1]", r#"["r1",null]"#, "[]\0"];
    for unreadable in others.into_iter().chain(half) {
        for user in ["ann", "bob"] {
            assert!(!write(text, user, unreadable), "{unreadable:?}");
        }
    }
    assert!(!write(blob, "ann", r#"["r1"]"#));
    assert!(write(text, "ann", r#"["r1","\\ud800 \u0007"]"#));
    let claimed = test.claim_one("t1", "ann");
    assert_eq!(claimed.recovery.unwrap().roles.len(), 2);
    assert_eq!(test.claim_one("t1", "bob").recovery, None);
}
