//! Claims the notices that are due, for one round of delivery.

use serde::de::IgnoredAny;

use crate::account::outbox::{ClaimedNotice, FIRST_WAIT, MAX_WAIT, NoticeClaim};
use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;

// At most 500, so that the transaction stays small. CLAIM leaves the rest alone, and later rounds delete it.
// ?1 now
const DELETE_EXPIRED: &str = "
DELETE FROM notices
WHERE id IN (SELECT id FROM notices WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)
RETURNING id";

// The wait doubles with each attempt; 30 doublings are more than MAX_WAIT has, and do not overflow.
// ?1 now, ?2 the most notices, ?3 FIRST_WAIT, ?4 MAX_WAIT
const CLAIM: &str = "
UPDATE notices
SET attempts = attempts + 1, due_at = ?1 + min(?3 << min(attempts, 30), ?4)
WHERE id IN (
  SELECT id FROM notices
  WHERE due_at <= ?1 AND (expires_at IS NULL OR expires_at > ?1)
  ORDER BY due_at, id LIMIT ?2
)
RETURNING id, type, user_id, recipient, token_sealed, created_at, due_at";

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
    let args = [now.into(), limit.into(), FIRST_WAIT.into(), MAX_WAIT.into()];
    let mut batch = Batch::new();
    let expired = batch.push::<IgnoredAny>(Statement::new(DELETE_EXPIRED, [now.into()]));
    let claimed = batch.push::<ClaimedNotice>(Statement::new(CLAIM, args));
    let results = database.run(batch).await?;
    // RETURNING has no order. Ids begin with the time.
    let mut notices = results.rows(claimed)?;
    notices.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(NoticeClaim {
        notices,
        expired: results.count(expired)?,
    })
}
