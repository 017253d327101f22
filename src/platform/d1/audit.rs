//! The audit trail: rows that are written in the same batch as the change they tell of.

use serde::Serialize;

use crate::audit;
use crate::provisioning::StoreError;

use super::{Arg, Statement, json};

// Comes right after the change that it tells of, and only if there was one.
const AUDIT_CHANGE: &str = audit_rows!("WHERE changes() > 0");

// The same for a row whose id D1 gives.
const AUDIT_INSERT: &str = audit_rows!(" || last_insert_rowid()", "WHERE changes() > 0");

/// The row of the change that the statement before this one makes, if it makes one.
pub fn audit_change(entry: &audit::Entry) -> Result<Statement, StoreError> {
    Ok(Statement::new(AUDIT_CHANGE, [audit_json([entry])?]))
}

/// The row of the one insert that the statement before this one makes, if it
/// makes one. The entry's subject is completed by the new row's id.
pub fn audit_insert(entry: &audit::Entry) -> Result<Statement, StoreError> {
    Ok(Statement::new(AUDIT_INSERT, [audit_json([entry])?]))
}

/// An entry as it travels.
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

impl<'a> From<&'a audit::Entry> for AuditParameter<'a> {
    fn from(entry: &'a audit::Entry) -> Self {
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
pub fn audit_json<'a>(
    entries: impl IntoIterator<Item = &'a audit::Entry>,
) -> Result<Arg, StoreError> {
    let entries: Vec<AuditParameter> = entries.into_iter().map(Into::into).collect();
    json(&entries)
}
