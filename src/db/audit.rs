//! The audit trail: rows written in the same batch as the change they tell of.

use serde::Serialize;

use super::{Arg, DatabaseError, Statement};
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
INSERT INTO audit_log (at, actor, action, subject, outcome, request_id, address)
SELECT value ->> 'at', value ->> 'actor', value ->> 'action', value ->> 'subject'",
            $subject,
            ", value ->> 'outcome', value ->> 'request', value ->> 'address'
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
        }
    }
}

/// Entries as the parameter of `audit_rows!`.
pub fn audit_json<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Arg, DatabaseError> {
    let entries: Vec<AuditParameter> = entries.into_iter().map(Into::into).collect();
    Arg::json(&entries)
}
