//! What the audit rows of one request have in common.

use crate::kernel::audit::{Action, Entry, Origin};
use crate::kernel::{Timestamp, UserId};

/// Who changes which account, and when.
#[derive(Debug, Clone)]
pub struct AuditContext {
    /// Whose account is changed.
    pub user: UserId,
    pub origin: Origin,
    pub at: Timestamp,
}

impl AuditContext {
    pub fn entry(&self, action: Action, outcome: impl Into<String>) -> Entry {
        Entry {
            at: self.at,
            origin: self.origin.clone(),
            action,
            subject: self.user.as_str().to_owned(),
            outcome: outcome.into(),
        }
    }
}
