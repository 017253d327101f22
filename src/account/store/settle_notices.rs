//! Settles the notices that a round of delivery has claimed.

use serde::Serialize;

use crate::account::outbox::{ClaimedNotice, Settlement};
use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;

// ?1 ids (JSON)
const DELETE_DELIVERED: &str = "DELETE FROM notices WHERE id IN (SELECT value FROM json_each(?1))";

// A notice that another round has claimed since is due at another time, and stays as it is.
// ?1 claims (JSON), ?2 now
const GIVE_BACK: &str = "
UPDATE notices SET attempts = attempts - 1, due_at = ?2
WHERE (id, due_at) IN (SELECT value ->> 'id', value ->> 'due_again' FROM json_each(?1))";

#[derive(Serialize)]
struct ClaimParameter<'a> {
    id: &'a str,
    due_again: i64,
}

impl<'a> From<&'a ClaimedNotice> for ClaimParameter<'a> {
    fn from(claimed: &'a ClaimedNotice) -> Self {
        Self {
            id: &claimed.id,
            due_again: claimed.due_again.as_millis(),
        }
    }
}

/// Deletes what was delivered. What was deferred is due at `now`, with its attempt uncounted, unless another
/// round has claimed it since.
pub async fn settle_notices(
    database: &Database,
    now: Timestamp,
    settlement: &Settlement,
) -> Result<(), DatabaseError> {
    let deferred: Vec<ClaimParameter> = settlement.deferred.iter().map(Into::into).collect();
    let delivered = [Arg::json(&settlement.delivered)?];
    let deferred = [Arg::json(&deferred)?, now.into()];
    let mut batch = Batch::new();
    batch.execute(Statement::new(DELETE_DELIVERED, delivered));
    batch.execute(Statement::new(GIVE_BACK, deferred));
    database.run(batch).await.map(|_| ())
}
