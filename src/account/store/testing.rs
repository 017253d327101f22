//! A native database for tests of this room.

use std::rc::Rc;

use futures_executor::block_on;
use rusqlite::types::FromSql;

use super::change::insert_notice;
use crate::account::Notice;
use crate::db::sqlite::Sqlite;
use crate::db::{Batch, Database, Results, Statement};
use crate::kernel::audit::{Action, Actor, Entry, Origin};
use crate::kernel::{RequestId, Timestamp, UserId};

pub const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A database of its own, with the shipped schema.
pub struct Store {
    pub sqlite: Sqlite,
    pub database: Database,
}

impl Store {
    pub fn with_users(users: &[&str]) -> Self {
        let sqlite = Sqlite::new(|| NOW);
        for user in users {
            let insert = "INSERT INTO users (uuid, email, created_at)
                          VALUES (?1, ?1 || '@example.com', '2026-01-01T00:00:00Z')";
            sqlite.execute(insert, [user]);
        }
        let database = Database::new(Rc::new(sqlite.clone()));
        Self { sqlite, database }
    }

    pub fn run(&self, batch: Batch) -> Results {
        block_on(self.database.run(batch)).unwrap()
    }

    pub fn execute(&self, sql: &str) {
        self.sqlite.execute(sql, []);
    }

    /// The first column of all rows.
    pub fn column<T: FromSql>(&self, sql: &str) -> Vec<T> {
        self.sqlite.query(sql, [], |row| row.get(0))
    }

    pub fn one<T: FromSql>(&self, sql: &str) -> T {
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
        put(&self.sqlite, notice);
    }
}

pub fn put(sqlite: &Sqlite, notice: &Notice) {
    // A notice follows a change.
    let change = Statement::new("UPDATE schema_version SET version = version", []);
    sqlite.run(&[change, insert_notice(notice)]).unwrap();
}

/// Where a notice stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub id: String,
    pub attempts: u32,
    pub due_at: Timestamp,
}

/// Where all notices stand, by id.
pub fn standings(sqlite: &Sqlite) -> Vec<Standing> {
    let select = "SELECT id, attempts, due_at FROM notices ORDER BY id";
    sqlite.query(select, [], |row| {
        Ok(Standing {
            id: row.get(0)?,
            attempts: row.get(1)?,
            due_at: Timestamp::from_millis(row.get(2)?),
        })
    })
}

pub fn user_id(user: &str) -> UserId {
    UserId::new(user)
}

/// An id of the `number`th request.
pub fn request_id(number: u64) -> RequestId {
    let random = crate::kernel::random::seeded::Seeded::new(number);
    RequestId::mint(NOW, &random)
}

pub fn origin(request: &RequestId) -> Origin {
    Origin {
        actor: Actor::person("ann"),
        request_id: request.clone(),
        address: None,
    }
}

/// Any audit row about a user.
pub fn entry(user: &str) -> Entry {
    Entry {
        at: NOW,
        origin: origin(&request_id(1)),
        action: Action::UpdateProfile,
        subject: user.to_owned(),
        outcome: String::new(),
    }
}
