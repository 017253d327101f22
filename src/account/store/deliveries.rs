//! Claims the notices that are due, for one round of delivery, and settles what became of them.

use serde_json::{Value, json};

use crate::account::outbox::{ClaimedNotice, FIRST_WAIT, FailedNotice, MAX_WAIT, NoticeClaim};
use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::kernel::ordered::map_of;

// At most 500, so that the transaction stays small. CLAIM_DUE leaves the rest alone, and later rounds delete it.
// ?1 now
const DELETE_EXPIRED: &str = "
DELETE FROM notices
WHERE id IN (SELECT id FROM notices WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)
RETURNING id";

/// Claims those notices with the ids that are due. The wait doubles with each attempt; 30 doublings are more than
/// `MAX_WAIT` has, and do not overflow. `?1` is now, `?2` `FIRST_WAIT`, `?3` `MAX_WAIT`.
macro_rules! claim {
    ($ids:literal) => {
        concat!(
            "UPDATE notices
SET attempts = attempts + 1, due_at = ?1 + min(?2 << min(attempts, 30), ?3)
WHERE due_at <= ?1 AND (expires_at IS NULL OR expires_at > ?1) AND id IN (",
            $ids,
            ")
RETURNING id, type, user_id, recipient, token_sealed, created_at, due_at"
        )
    };
}

// ?4 the most notices
const CLAIM_DUE: &str = claim!(
    "SELECT id FROM notices
  WHERE due_at <= ?1 AND (expires_at IS NULL OR expires_at > ?1)
  ORDER BY due_at, id LIMIT ?4"
);

// ?4 ids (JSON)
const CLAIM_THESE: &str = claim!("SELECT value FROM json_each(?4)");

// ?1 ids (JSON)
const DELETE_DELIVERED: &str = "DELETE FROM notices WHERE id IN (SELECT value FROM json_each(?1))";

// A notice that another round has claimed since is due at another time, and stays as it is.
// ?1 claims (JSON), ?2 now
const GIVE_BACK: &str = "
UPDATE notices SET attempts = attempts - 1, due_at = ?2
WHERE (id, due_at) IN (SELECT value ->> 'id', value ->> 'due_again' FROM json_each(?1))";

// The same for why an attempt failed.
// ?1 claims (JSON)
const NOTE_CAUSES: &str = "
UPDATE notices SET last_cause = f.cause
FROM (SELECT value ->> 'id' AS id, value ->> 'due_again' AS due_again, value ->> 'cause' AS cause
      FROM json_each(?1)) f
WHERE notices.id = f.id AND notices.due_at = f.due_again";

/// Claims at most `limit` notices that are due, those first that have been due for longest.
///
/// A claim counts an attempt and makes the notice due again after that attempt's wait, in one transaction.
/// So no other round claims it meanwhile, and it comes up again however this round ends. Expired notices
/// are deleted instead.
pub async fn claim_notices(
    database: &Database,
    now: Timestamp,
    limit: u32,
) -> Result<NoticeClaim, DatabaseError> {
    let mut batch = Batch::new();
    let expired = batch.push::<()>(Statement::new(DELETE_EXPIRED, [now.into()]));
    let claimed = batch.push(claim(CLAIM_DUE, now, limit.into()));
    let results = database.run(batch).await?;
    Ok(NoticeClaim {
        notices: in_order(results.rows(claimed)?),
        expired: results.count(expired)?,
    })
}

/// The same for those notices with these ids that are due, without deleting what has expired.
pub async fn claim_these_notices(
    database: &Database,
    now: Timestamp,
    ids: &[String],
) -> Result<NoticeClaim, DatabaseError> {
    let mut batch = Batch::new();
    let claimed = batch.push(claim(CLAIM_THESE, now, Arg::json(&ids)?));
    let results = database.run(batch).await?;
    Ok(NoticeClaim {
        notices: in_order(results.rows(claimed)?),
        expired: 0,
    })
}

fn claim(sql: &'static str, now: Timestamp, which: Arg) -> Statement {
    let waits = [FIRST_WAIT.into(), MAX_WAIT.into()];
    Statement::new(sql, [now.into()].into_iter().chain(waits).chain([which]))
}

/// RETURNING has no order. Ids begin with the time.
fn in_order(notices: Vec<ClaimedNotice>) -> Vec<ClaimedNotice> {
    let by_id = map_of(notices.into_iter().map(|one| (one.id.clone(), one)));
    by_id.into_values().collect()
}

/// Deletes the notices with the ids `delivered`. What was deferred is due at `now`, with its attempt uncounted, and of what
/// failed the cause is noted, unless another round has claimed it since.
pub async fn settle_notices(
    database: &Database,
    now: Timestamp,
    delivered: &[String],
    deferred: &[ClaimedNotice],
    failed: &[FailedNotice],
) -> Result<(), DatabaseError> {
    let claim = |notice: &ClaimedNotice| {
        let due_again = notice.due_again.as_millis();
        json!({ "id": notice.id, "due_again": due_again })
    };
    let deferred: Vec<Value> = deferred.iter().map(claim).collect();
    let causes: Vec<Value> = failed
        .iter()
        .map(|FailedNotice { notice, cause }| {
            let due_again = notice.due_again.as_millis();
            json!({ "id": notice.id, "due_again": due_again, "cause": cause })
        })
        .collect();
    let delivered = [Arg::json(&delivered)?];
    let deferred = [Arg::json(&deferred)?, now.into()];
    let mut batch = Batch::new();
    batch.execute(Statement::new(DELETE_DELIVERED, delivered));
    batch.execute(Statement::new(GIVE_BACK, deferred));
    batch.execute(Statement::new(NOTE_CAUSES, [Arg::json(&causes)?]));
    database.run(batch).await.map(|_| ())
}
