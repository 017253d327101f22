//! The next user of a list, and how the one before ended.

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::store::fanout::sums::push_sums;
use crate::provisioning::store::pause::not_paused;

// ?1 run, ?2 chunk, ?3 entry, ?4 claim, ?5 state, ?6 reason, ?7 outcome, ?8 now. Only who began it last may write.
const SETTLE: &str = "
UPDATE provisioning_bulk_users SET state = ?5, reason = ?6, outcome = ?7, ended_at = ?8
WHERE run_id = ?1 AND chunk = ?2 AND n = ?3 AND claim = ?4";

// ?1 chunks, ?2 claim, ?3 until, ?4 now. Of a user that was begun before, the trail tells what was done on behalf of
// the run: its rows are written together with what they tell of.
const CLAIM: &str = concat!(
    "
UPDATE provisioning_bulk_users
SET state = 'working', claims = claims + 1, claim = ?2, claimed_until = ?3
WHERE (run_id, chunk, n) = (
  SELECT b.run_id, b.chunk, b.n
  FROM json_each(?1) m
  CROSS JOIN provisioning_chunks c
    ON c.run_id = m.value ->> 'runId' AND c.chunk = m.value ->> 'chunk' AND c.state = 'open'
  CROSS JOIN provisioning_runs r ON r.run_id = c.run_id AND r.stopped_at IS NULL
  CROSS JOIN provisioning_bulk_users b ON b.run_id = c.run_id AND b.chunk = c.chunk
  WHERE (b.state = 'waiting' OR (b.state = 'working' AND b.claimed_until <= ?4))
    AND ",
    not_paused!(),
    "
  LIMIT 1
)
RETURNING run_id, chunk, n, user_id, seen, claims, iif(claims = 1, '[]', (
  SELECT json_group_array(action) FROM (
    SELECT a.action, a.request_id FROM audit_log a
    WHERE a.subject = provisioning_bulk_users.user_id ORDER BY a.id DESC LIMIT 200
  )
  WHERE request_id = (
    SELECT r.request_id FROM provisioning_runs r WHERE r.run_id = provisioning_bulk_users.run_id)
)) AS trail"
);

db::row! {
    /// A user that is to be done.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Claim {
        pub chunk: ChunkId = flatten,
        pub n: u32,
        pub user_id: String,
        /// The tag of what the preview saw.
        pub seen: String = or_default,
        /// How often it was begun, this time included.
        pub claims: u32,
        /// The actions in the audit trail on behalf of this run, if it was begun before.
        pub trail: Vec<String> = json,
    }
}

/// The terms on which the next user is claimed.
#[derive(Debug, Clone, Copy)]
pub struct ClaimTerms<'a> {
    /// Of which chunks.
    pub chunks: &'a [ChunkId],
    /// When another may take it for given up.
    pub until: Timestamp,
}

/// How a user ended.
#[derive(Debug, Clone)]
pub struct Settled {
    pub claim: Claim,
    pub state: &'static str,
    pub reason: Option<&'static str>,
    pub outcome: String,
}

/// Writes down how a user ended, and claims the next one. `None`: no one is left to be claimed now, or none may be.
pub async fn next_bulk_user(
    database: &Database,
    token: &str,
    settled: Option<&Settled>,
    terms: Option<ClaimTerms<'_>>,
    now: Timestamp,
) -> Result<Option<Claim>, DatabaseError> {
    let mut batch = Batch::new();
    if let Some(Settled {
        claim,
        state,
        reason,
        outcome,
    }) = settled
    {
        let args: [Arg; 8] = [
            claim.chunk.run_id.as_str().into(),
            claim.chunk.chunk.into(),
            claim.n.into(),
            token.into(),
            (*state).into(),
            (*reason).into(),
            outcome.as_str().into(),
            now.into(),
        ];
        batch.execute(Statement::new(SETTLE, args));
        push_sums(&mut batch, std::slice::from_ref(&claim.chunk), None, now)?;
    }
    let claimed = terms.map(|terms| {
        let args = [
            Arg::json(&terms.chunks)?,
            token.into(),
            terms.until.into(),
            now.into(),
        ];
        Ok::<_, DatabaseError>(batch.push::<Claim>(Statement::new(CLAIM, args)))
    });
    let claimed = claimed.transpose()?;
    let answers = database.run(batch).await?;
    match claimed {
        Some(slot) => answers.first(slot),
        None => Ok(None),
    }
}
