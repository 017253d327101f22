//! The suite of `provisioning::conformance` on these very statements and row
//! types, with a real D1 behind them.

mod bridge;
mod runs;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::MutexGuard;
use std::time::Duration;

use futures_executor::block_on;
use serde::Deserialize;

use crate::db::{Answers, Database, Statement};
use crate::kernel::{EmailKey, Timestamp, UserId};
use crate::provisioning::conformance::cases::Shorthand as _;
use crate::provisioning::conformance::cases::fanout::FanoutShorthand as _;
use crate::provisioning::conformance::{Observation, START, Subject, cases, differential};
use crate::provisioning::fanout::store::FanoutStore as _;
use crate::provisioning::store::Store as _;
use crate::provisioning::store::rows::{CandidateRow, DossierRow};
use crate::testing::Shared;

use crate::provisioning::store::database::{
    candidates, dossier_statement, due_statement, read_dossier,
};
use crate::provisioning::store::parameters::WaitingRow;
use crate::provisioning::store::sql;
pub use bridge::Bridge;
use runs::{ChunkRow, RunRow};

const ALL_QUEUED: &str = "SELECT user_id, due_at AS at FROM provisioning_queue ORDER BY user_id";

const ALL_REMOVALS: &str =
    "SELECT email_key AS user_id, removed_at AS at FROM threedeye_removals ORDER BY email_key";

const ALL_AUDIT: &str = "SELECT at, subject, outcome FROM audit_log ORDER BY id";

const PUT_USER: &str =
    "INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES (?1, ?2, '2024-01-15')";

const CHANGE_EMAIL: &str = "UPDATE users SET email = ?2 WHERE uuid = ?1";

const DELETE_USER: &str = "DELETE FROM users WHERE uuid = ?1";

/// The queue's triggers fire on these as on everything, so its tables come last.
const EMPTY: [&str; 10] = [
    "DELETE FROM threedeye_users",
    "DELETE FROM threedeye_recovery",
    "DELETE FROM threedeye_removals",
    "DELETE FROM users",
    "DELETE FROM provisioning_runs",
    "DELETE FROM provisioning_chunks",
    "DELETE FROM audit_log",
    "DELETE FROM notices",
    "DELETE FROM provisioning_queue",
    "UPDATE provisioning_totals SET value = 0",
];

/// How many sequences are compared: some 50 s of an idle machine's time.
const SEQUENCES: u64 = 200;

thread_local! {
    /// The engine of the database that this test has.
    static BRIDGE: RefCell<Option<Rc<Bridge>>> = const { RefCell::new(None) };
}

fn bridge() -> Rc<Bridge> {
    BRIDGE.with_borrow(Clone::clone).unwrap()
}

/// A database with empty tables, for one test at a time.
pub struct Lent {
    database: Database,
    _turn: MutexGuard<'static, ()>,
}

impl std::ops::Deref for Lent {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

/// A database of the server that all tests share.
pub fn lend() -> Lent {
    static SERVER: Shared = Shared::new("d1");
    let (url, turn) = SERVER.lend();
    let bridge = Rc::new(Bridge::to(url, START));
    BRIDGE.set(Some(Rc::clone(&bridge)));
    let database = Database::new(bridge);
    block_on(empty(&database));
    Lent {
        database,
        _turn: turn,
    }
}

async fn empty(database: &Database) {
    bridge().clock.set(START);
    let statements = EMPTY.map(|sql| Statement::new(sql, []));
    database.batch(statements.into()).await.unwrap();
}

cases::conformance! { lend(), [ignore = "needs node and the npm packages; npm test runs it"] }

#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn the_store_in_memory_does_what_d1_does() {
    let database = lend();
    block_on(async {
        for seed in 0..SEQUENCES {
            empty(&database).await;
            differential::compare(seed, &*database).await;
        }
    });
}

/// Ids and e-mails as SQLite lets others store them: it keeps any type in any column.
const MISFITS: [&str; 3] = [
    "INSERT INTO users (uuid, email, created_at) VALUES (x'0102', 'blob@example.com', '2024-01-15')",
    "INSERT INTO users (uuid, email, created_at) VALUES (NULL, 'null@example.com', '2024-01-15')",
    "INSERT INTO users (uuid, email, created_at) VALUES (7, CAST('Seven@example.com' AS BLOB), '2024-01-15')",
];

#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn an_id_that_is_no_text_is_in_nobodys_way() {
    let database = lend();
    let misfits = MISFITS.map(|sql| Statement::new(sql, []));
    let due = block_on(async {
        database.batch(misfits.into()).await.unwrap();
        database.add("ann", cases::ONE).await;
        let moved = "UPDATE users SET uuid = x'03' WHERE uuid = 'ann'";
        database
            .batch(vec![Statement::new(moved, [])])
            .await
            .unwrap();
        database.add("bob", cases::TWO).await;
        database.due(START, 9).await.unwrap()
    });
    let due: Vec<(&str, &str)> = due
        .iter()
        .map(|one| (one.user.as_str(), one.listed.email.as_str()))
        .collect();
    assert_eq!(due, [("7", "seven@example.com"), ("bob", cases::TWO)]);
    let planned = block_on(database.plan_run(&database.planning("run-1", 9, 9))).unwrap();
    assert_eq!((planned.users, planned.remaining), (2, 2));
}

/// The second writes a list of roles, but as a blob.
const WRITE_ROLES: [&str; 2] = [
    "INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?1, ?2, 1)
     ON CONFLICT DO UPDATE SET role_ids = excluded.role_ids",
    "UPDATE threedeye_recovery SET role_ids = CAST(?2 AS BLOB) WHERE user_id = ?1",
];

#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn roles_that_cannot_be_read_are_not_stored() {
    let database = lend();
    let write = |sql, user: &str, roles: &str| {
        let statement = Statement::new(sql, [user.into(), roles.into()]);
        block_on(database.batch(vec![statement])).is_ok()
    };
    let [text, blob] = WRITE_ROLES;
    block_on(database.add("ann", cases::ONE));
    block_on(database.add("bob", cases::TWO));
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
    let due = block_on(database.due(START, 9)).unwrap();
    let roles: Vec<Option<usize>> = due
        .iter()
        .map(|one| Some(one.listed.recovery.as_ref()?.roles.len()))
        .collect();
    assert_eq!(roles, [Some(2), None]);
}

#[derive(Deserialize)]
struct MomentRow {
    user_id: String,
    at: i64,
}

#[derive(Deserialize)]
struct AuditRow {
    at: i64,
    subject: String,
    outcome: String,
}

impl Subject for Database {
    fn now(&self) -> Timestamp {
        bridge().clock.get()
    }

    fn pass(&self, time: Duration) {
        bridge().clock.set(bridge().clock.get().plus(time));
    }

    async fn put_user(&self, id: &UserId, email: Option<&str>) {
        let args = [id.as_str().into(), email.into()];
        self.batch(vec![Statement::new(PUT_USER, args)])
            .await
            .unwrap();
    }

    async fn change_email(&self, id: &UserId, email: Option<&str>) {
        let args = [id.as_str().into(), email.into()];
        self.batch(vec![Statement::new(CHANGE_EMAIL, args)])
            .await
            .unwrap();
    }

    async fn delete_user(&self, id: &UserId) {
        self.batch(vec![Statement::new(DELETE_USER, [id.as_str().into()])])
            .await
            .unwrap();
    }

    async fn observe(&self, users: &[UserId]) -> Observation {
        let mut reads: Vec<Statement> = users.iter().map(dossier_statement).collect();
        reads.push(due_statement(self.now(), u32::MAX));
        reads.push(Statement::new(sql::WAITING, []));
        for sql in [
            ALL_QUEUED,
            ALL_REMOVALS,
            ALL_AUDIT,
            runs::ALL,
            runs::ALL_CHUNKS,
        ] {
            reads.push(Statement::new(sql, []));
        }
        let ridden = bridge().take_observed(&reads);
        let mut answers = match ridden {
            Some(answers) => Answers::new(answers),
            None => self.batch(reads.clone()).await.unwrap(),
        };
        bridge().ride(reads);
        observation(&mut answers, users)
    }
}

fn observation(answers: &mut Answers, users: &[UserId]) -> Observation {
    let moments = |rows: Vec<MomentRow>| -> Vec<(String, Timestamp)> {
        let moment = |row: MomentRow| (row.user_id, Timestamp::from_millis(row.at));
        rows.into_iter().map(moment).collect()
    };
    let mut dossier = || {
        let row: Option<DossierRow> = answers.first().unwrap();
        read_dossier(row).unwrap()
    };
    let dossiers = users.iter().map(|_| dossier()).collect();
    let due: Vec<CandidateRow> = answers.rows().unwrap();
    let waiting: Option<WaitingRow> = answers.first().unwrap();
    let queue = moments(answers.rows().unwrap());
    let removals = moments(answers.rows().unwrap());
    let audit: Vec<AuditRow> = answers.rows().unwrap();
    let ledger: Vec<RunRow> = answers.rows().unwrap();
    let chunks: Vec<ChunkRow> = answers.rows().unwrap();
    Observation {
        dossiers,
        due: candidates(due).unwrap(),
        waiting: waiting.unwrap().waiting,
        queue: queue
            .into_iter()
            .map(|(user, at)| (UserId::new(user), at))
            .collect(),
        removals: removals
            .into_iter()
            .map(|(email, at)| (EmailKey::of(&email).unwrap(), at))
            .collect(),
        audit: audit
            .into_iter()
            .map(|row| (Timestamp::from_millis(row.at), row.subject, row.outcome))
            .collect(),
        runs: ledger.iter().map(RunRow::run).collect(),
        plans: ledger.iter().filter_map(RunRow::plan).collect(),
        chunks: chunks.into_iter().map(ChunkRow::into_chunk).collect(),
    }
    .in_order()
}
