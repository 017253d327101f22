//! Settles the notices that a round of delivery has claimed.

use serde_json::{Value, json};

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

/// Deletes what was delivered. What was deferred is due at `now`, with its attempt uncounted, unless another
/// round has claimed it since.
pub async fn settle_notices(
    database: &Database,
    now: Timestamp,
    settlement: &Settlement,
) -> Result<(), DatabaseError> {
    let claim = |notice: &ClaimedNotice| {
        let due_again = notice.due_again.as_millis();
        json!({ "id": notice.id, "due_again": due_again })
    };
    let deferred: Vec<Value> = settlement.deferred.iter().map(claim).collect();
    let delivered = [Arg::json(&settlement.delivered)?];
    let deferred = [Arg::json(&deferred)?, now.into()];
    let mut batch = Batch::new();
    batch.execute(Statement::new(DELETE_DELIVERED, delivered));
    batch.execute(Statement::new(GIVE_BACK, deferred));
    database.run(batch).await.map(|_| ())
}
