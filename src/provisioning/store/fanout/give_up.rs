//! Closing chunks that will not be delivered any more.

use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::metrics::counters;
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::store::fanout::sums::push_sums;

// ?1 chunks, ?2 now. A user that failed by itself keeps its wait.
const LIFT_HOLD: &str = "
UPDATE provisioning_queue SET due_at = max(?2, coalesce(
  (SELECT t.next_attempt_at FROM threedeye_users t WHERE t.user_id = provisioning_queue.user_id), 0
))
WHERE user_id IN (
  SELECT q.user_id
  FROM json_each(?1) m
  CROSS JOIN provisioning_chunks c
    ON c.run_id = m.value ->> 'runId' AND c.chunk = m.value ->> 'chunk' AND c.state = 'open'
  CROSS JOIN provisioning_runs r ON r.run_id = c.run_id
  CROSS JOIN json_each(c.user_ids) i
  CROSS JOIN provisioning_queue q ON q.user_id = i.value AND q.due_at = r.hold_until
)";

/// Closes chunks that users may still wait for and makes those due now, but for a wait of their own,
/// for the next run; their own run ends early. `why` goes into the ledger. Chunks that are closed stay
/// as they are.
pub async fn give_up(
    database: &Database,
    chunks: &[ChunkId],
    why: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    close(&mut batch, chunks, why, now)?;
    database.run(batch).await.map(|_| ())
}

/// The same for chunks whose message failed too often, which is counted.
pub async fn give_up_dead(
    database: &Database,
    chunks: &[ChunkId],
    why: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    close(&mut batch, chunks, why, now)?;
    let letters = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    batch.execute(counters::add(counters::DEAD_LETTERS, "", letters, now));
    database.run(batch).await.map(|_| ())
}

fn close(
    batch: &mut Batch,
    chunks: &[ChunkId],
    why: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    batch.execute(Statement::new(LIFT_HOLD, [Arg::json(&chunks)?, now.into()]));
    push_sums(batch, chunks, Some(why), now).map(|_| ())
}
