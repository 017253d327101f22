//! The audit trail: rows written in the same batch as the change they tell of.

use serde::Serialize;

use super::{Arg, Batch, DatabaseError, FromRow, Slot, Statement, row};
use crate::kernel::Timestamp;
use crate::kernel::audit::Entry;

/// The statement that writes audit rows (`?1`, a JSON list), on a condition that ties
/// each of them to the change it tells of. `$subject` completes the entry's own.
macro_rules! audit_rows {
    ($condition:literal) => {
        $crate::db::audit_rows!("", $condition)
    };
    ($subject:literal, $condition:literal) => {
        concat!(
            "
INSERT INTO audit_log (at, actor, action, subject, outcome, request_id, address, reason)
SELECT value ->> 'at', value ->> 'actor', value ->> 'action', value ->> 'subject'",
            $subject,
            ", value ->> 'outcome', value ->> 'request', value ->> 'address',
  value ->> 'reason'
FROM json_each(?1)
",
            $condition
        )
    };
}
pub(crate) use audit_rows;

// Comes right after the change that it tells of, and only if there was one.
const AUDIT_CHANGE: &str = audit_rows!("WHERE changes() > 0");

// The same for a row whose id the database gives.
const AUDIT_INSERT: &str = audit_rows!(" || last_insert_rowid()", "WHERE changes() > 0");

/// The row of the change that the statement before this one makes, if it makes one.
pub fn audit_change(entry: &Entry) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(AUDIT_CHANGE, [audit_json([entry])?]))
}

/// The row of the one insert that the statement before this one makes, if it makes one.
/// The entry's subject is completed by the new row's id.
pub fn audit_insert(entry: &Entry) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(AUDIT_INSERT, [audit_json([entry])?]))
}

row! {
    /// A row of `audit_log`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct AuditRow {
        pub id: u64,
        pub at: Timestamp,
        pub actor: String,
        pub action: String,
        pub subject: String,
        pub outcome: String,
        pub reason: Option<String>,
        pub request_id: String,
        pub address: Option<String>,
    }
}

impl Batch {
    /// Adds a change whose rows are read as `T`, and its audit row. That is written only
    /// if the change changed something.
    pub fn push_audited<T: FromRow>(
        &mut self,
        change: Statement,
        entry: &Entry,
    ) -> Result<Slot<T>, DatabaseError> {
        let slot = self.push(change);
        self.execute(audit_change(entry)?);
        Ok(slot)
    }

    /// The same for the insert of one row, whose id completes the entry's subject.
    pub fn push_audited_insert<T: FromRow>(
        &mut self,
        insert: Statement,
        entry: &Entry,
    ) -> Result<Slot<T>, DatabaseError> {
        let slot = self.push(insert);
        self.execute(audit_insert(entry)?);
        Ok(slot)
    }

    /// Adds a change whose rows are not looked at, and its audit row. That is written only
    /// if the change changed something.
    pub fn execute_audited(
        &mut self,
        change: Statement,
        entry: &Entry,
    ) -> Result<(), DatabaseError> {
        self.execute(change);
        self.execute(audit_change(entry)?);
        Ok(())
    }
}

/// An entry as `audit_rows!` reads it.
#[derive(Serialize)]
pub struct AuditParameter<'a> {
    at: i64,
    actor: &'a str,
    action: &'static str,
    subject: &'a str,
    outcome: &'a str,
    request: &'a str,
    address: Option<&'a str>,
    reason: Option<&'a str>,
}

impl<'a> From<&'a Entry> for AuditParameter<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            at: entry.at.as_millis(),
            actor: entry.origin.actor.as_str(),
            action: entry.action.as_str(),
            subject: &entry.subject,
            outcome: &entry.outcome,
            request: entry.origin.request_id.as_str(),
            address: entry.origin.address.as_deref(),
            reason: entry.origin.reason.as_deref(),
        }
    }
}

/// Entries as the parameter of `audit_rows!`.
pub fn audit_json<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Arg, DatabaseError> {
    let entries: Vec<AuditParameter> = entries.into_iter().map(Into::into).collect();
    Arg::json(&entries)
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use futures_executor::block_on;

    use super::*;
    use crate::db::Database;
    use crate::db::sqlite::Sqlite;
    use crate::kernel::audit::{Action, sample_entry};

    crate::db::row! {
        #[derive(Debug, PartialEq)]
        struct Row {
            id: u64,
        }
    }

    fn insert(username: &str) -> Statement {
        const INSERT: &str = "
INSERT INTO instance_users (instance, username, key_hash, key_changed_at, created_at)
VALUES ('rivia', ?1, ?1, 1, 1) ON CONFLICT (instance, username) DO NOTHING RETURNING id";
        Statement::new(INSERT, [username.into()])
    }

    fn delete(username: &str) -> Statement {
        const DELETE: &str = "DELETE FROM instance_users WHERE username = ?1";
        Statement::new(DELETE, [username.into()])
    }

    fn sqlite() -> Sqlite {
        let sqlite = Sqlite::new(Default::default);
        sqlite.execute(
            "INSERT INTO instances (name, created_at) VALUES ('rivia', 1)",
            [],
        );
        sqlite
    }

    fn run(sqlite: &Sqlite, batch: Batch) -> crate::db::Results {
        block_on(Database::new(Rc::new(sqlite.clone())).run(batch)).unwrap()
    }

    fn trail(sqlite: &Sqlite) -> Vec<String> {
        let read = "SELECT action || ' ' || subject FROM audit_log ORDER BY rowid";
        sqlite.query(read, [], |row| row.get(0))
    }

    #[test]
    fn a_change_has_its_audit_row_only_if_it_changed_something() {
        let sqlite = sqlite();
        let created = sample_entry(Action::CreateInstanceUser, "instance-user:");
        let deleted = sample_entry(Action::DeleteInstanceUser, "geralt");
        let mut batch = Batch::new();
        let first = batch
            .push_audited_insert::<Row>(insert("geralt"), &created)
            .unwrap();
        // A conflict, right after a statement that did change something.
        let second = batch
            .push_audited_insert::<Row>(insert("geralt"), &created)
            .unwrap();
        batch.execute_audited(delete("yennefer"), &deleted).unwrap();
        batch.execute_audited(delete("geralt"), &deleted).unwrap();
        batch.execute_audited(delete("geralt"), &deleted).unwrap();
        let results = run(&sqlite, batch);
        let id = results.one(first).unwrap().id;
        assert_eq!(results.first(second).unwrap(), None);
        assert_eq!(
            trail(&sqlite),
            [
                format!("instance_user.create instance-user:{id}"),
                "instance_user.delete geralt".to_owned(),
            ]
        );
    }
}
