//! A database for tests of the account store.

use std::cell::Cell;
use std::rc::Rc;

use futures_executor::block_on;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::change::insert_notice;
use crate::account::{AuditContext, Notice, NoticeKind};
use crate::db::differential::Mirror;
use crate::db::sqlite::Sqlite;
use crate::db::{self, Arg, Batch, Database, Engine, Results, Statement};
use crate::kernel::audit::{Action, Actor, Entry, Origin};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{RequestId, Timestamp, UserId};

pub const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A database of its own, with the shipped schema.
pub struct Store {
    pub database: Database,
}

impl Store {
    pub fn on(engine: Rc<dyn Engine>) -> Self {
        let database = Database::new(engine);
        Self { database }
    }

    pub fn on_sqlite() -> Self {
        Self::on(Rc::new(Sqlite::new(|| NOW)))
    }

    /// On SQLite and D1 side by side.
    pub fn mirrored() -> Self {
        Self::on(Rc::new(Mirror::new(&Rc::new(Cell::new(NOW)))))
    }

    pub fn add_users(&self, users: &[&str]) {
        let insert = "INSERT INTO users (uuid, email, created_at)
                      VALUES (?1, ?1 || '@example.com', '2026-01-01T00:00:00Z')";
        for user in users {
            self.execute(insert, [(*user).into()]);
        }
    }

    pub fn run(&self, batch: Batch) -> Results {
        block_on(self.database.run(batch)).unwrap()
    }

    pub fn execute(&self, sql: &'static str, args: impl IntoIterator<Item = Arg>) {
        let mut batch = Batch::new();
        batch.execute(Statement::new(sql, args));
        self.run(batch);
    }

    /// The only column of all rows.
    pub fn column<T: DeserializeOwned>(&self, sql: &'static str) -> Vec<T> {
        let mut batch = Batch::new();
        let rows = batch.push::<Map<String, Value>>(Statement::new(sql, []));
        let rows = self.run(batch).rows(rows).unwrap().into_iter();
        let value = |row: Map<String, Value>| row.into_iter().next().unwrap().1;
        rows.map(|row| serde_json::from_value(value(row)).unwrap())
            .collect()
    }

    pub fn one<T: DeserializeOwned>(&self, sql: &'static str) -> T {
        self.column(sql).pop().unwrap()
    }

    /// The actions in the audit trail, in order.
    pub fn audit_actions(&self) -> Vec<String> {
        self.column("SELECT action FROM audit_log ORDER BY id")
    }

    /// The kinds of the notices in the outbox, in order.
    pub fn notices(&self) -> Vec<String> {
        self.column("SELECT type FROM notices ORDER BY id")
    }

    /// Writes a notice to the outbox.
    pub fn put(&self, notice: &Notice) {
        let mut batch = Batch::new();
        // A notice follows a change.
        let change = "UPDATE schema_version SET version = version";
        batch.execute(Statement::new(change, []));
        batch.execute(insert_notice(notice));
        self.run(batch);
    }

    /// Where all notices stand, by id.
    pub fn standings(&self) -> Vec<Standing> {
        let select = "SELECT id, attempts, due_at FROM notices ORDER BY id";
        let mut batch = Batch::new();
        let rows = batch.push(Statement::new(select, []));
        self.run(batch).rows(rows).unwrap()
    }
}

db::row! {
    /// Where a notice stands.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Standing {
        pub id: String,
        pub attempts: u32,
        pub due_at: Timestamp,
    }
}

/// Where the notice stands whose id is this number.
pub fn standing(number: u32, attempts: u32, due_at: Timestamp) -> Standing {
    let id = format!("ntc_{number:03}");
    Standing {
        id,
        attempts,
        due_at,
    }
}

pub fn user_id(user: &str) -> UserId {
    UserId::new(user)
}

/// A notice to ann whose id is this number.
pub fn notice(number: u32, kind: NoticeKind) -> Notice {
    Notice {
        id: format!("ntc_{number:03}"),
        ..Notice::new(kind, &user_id("ann"), None, NOW, &Seeded::new(1))
    }
}

/// What ann's `number`th request writes in the audit trail.
pub fn audit(number: u64, at: Timestamp) -> AuditContext {
    AuditContext {
        user: user_id("ann"),
        origin: Origin {
            reason: None,
            actor: Actor::person("ann"),
            request_id: RequestId::mint(NOW, &Seeded::new(number)),
            address: None,
        },
        at,
    }
}

/// Any audit row about a user.
pub fn entry(user: &str) -> Entry {
    Entry {
        subject: user.to_owned(),
        ..audit(1, NOW).entry(Action::UpdateProfile, "")
    }
}
