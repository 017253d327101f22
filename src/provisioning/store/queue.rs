//! The work queue: users that wait for provisioning.

use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::{EmailKey, Timestamp, UserId};

/// Reads candidates: `q` are places in the work queue, `s` the rows of their users, or NULL.
macro_rules! select_candidates {
    ($from:literal) => {
        concat!(
            "
SELECT q.user_id, q.email_key, q.entered_at,
       s.password_sealed IS NULL AND EXISTS (
         SELECT 1 FROM threedeye_users o
         WHERE o.email_key = q.email_key AND o.password_sealed IS NOT NULL AND o.user_id <> q.user_id
       ) AS contested,
       s.password_sealed IS NOT NULL AS has_intent",
            $from
        )
    };
}
pub(super) use select_candidates;

// ?1 moment, ?2 limit. A user under another actor's lease is passed over, so that two runs at once
// take up different users.
const LIST_DUE: &str = select_candidates!(
    "
FROM provisioning_queue q
LEFT JOIN threedeye_users s ON s.user_id = q.user_id
WHERE q.due_at <= ?1 AND coalesce(s.lease_until, 0) <= ?1
ORDER BY q.due_at, q.user_id
LIMIT ?2"
);

const COUNT_WAITING: &str =
    "SELECT value AS waiting FROM provisioning_totals WHERE name = 'waiting'";

db::row! {
    /// A user that a run may take up.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Candidate {
        pub user: UserId = "user_id",
        pub email: EmailKey = "email_key",
        /// Since when the user waits.
        pub entered_at: Timestamp,
        /// Whether another user's row holds this e-mail and this user has no intent of its own.
        pub contested: bool,
        /// Whether its e-mail and password are recorded.
        pub has_intent: bool,
    }
}

db::row! {
    pub(super) struct WaitingRow {
        pub waiting: u64,
    }
}

pub(super) fn list_due_statement(due_by: Timestamp, limit: u32) -> Statement {
    Statement::new(LIST_DUE, [due_by.into(), limit.into()])
}

/// Lists up to `limit` users that are due by `due_by`, longest due first.
pub async fn list_due(
    database: &Database,
    due_by: Timestamp,
    limit: u32,
) -> Result<Vec<Candidate>, DatabaseError> {
    let mut batch = Batch::new();
    let due = batch.push(list_due_statement(due_by, limit));
    database.run(batch).await?.rows(due)
}

/// How many users wait for provisioning, those not yet due included.
pub async fn count_waiting(database: &Database) -> Result<u64, DatabaseError> {
    let mut batch = Batch::new();
    let total = batch.push::<WaitingRow>(Statement::new(COUNT_WAITING, []));
    let row = database.run(batch).await?.first(total)?;
    Ok(row.map_or(0, |row| row.waiting))
}
