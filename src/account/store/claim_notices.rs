//! Claims the notices that are due, for one round of delivery.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::account::outbox::{ClaimedNotice, FIRST_WAIT, MAX_WAIT, NoticeClaim};
use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::{Sealed, Timestamp, UserId};

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

#[derive(Deserialize)]
struct NoticeRow {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    user_id: String,
    recipient: Option<String>,
    token_sealed: Option<String>,
    created_at: i64,
    due_at: i64,
}

impl From<NoticeRow> for ClaimedNotice {
    fn from(row: NoticeRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            user: UserId::new(row.user_id),
            to: row.recipient,
            token: row.token_sealed.map(Sealed::from_stored),
            created_at: Timestamp::from_millis(row.created_at),
            due_again: Timestamp::from_millis(row.due_at),
        }
    }
}

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
    let claimed = batch.push::<NoticeRow>(Statement::new(CLAIM, args));
    let results = database.run(batch).await?;
    // RETURNING has no order. Ids begin with the time.
    let mut rows = results.rows(claimed)?;
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(NoticeClaim {
        notices: rows.into_iter().map(Into::into).collect(),
        expired: results.count(expired)?,
    })
}
