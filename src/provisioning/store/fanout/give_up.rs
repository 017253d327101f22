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

// ?1 chunks, ?2 why, ?3 now. Who is at work on one of them, and lives, still writes how that ended.
const LEAVE_BULK: &str = "
UPDATE provisioning_bulk_users SET
  outcome = iif(state = 'waiting', ?2,
    'under way when the run ended; look again in a minute, else the audit trail tells what was done'),
  reason = 'run_ended',
  state = iif(state = 'waiting', 'skipped', 'failed'),
  ended_at = ?3
WHERE (state = 'waiting' OR state = 'working') AND (run_id, chunk) IN (
  SELECT c.run_id, c.chunk FROM json_each(?1) m
  CROSS JOIN provisioning_chunks c
    ON c.run_id = m.value ->> 'runId' AND c.chunk = m.value ->> 'chunk' AND c.state = 'open'
)";

/// Closes chunks that users may still wait for and makes those due now, but for a wait of their own,
/// for the next run; their own run ends early. `why` goes into the ledger, with `outlook` where the next run takes
/// the users up. Users of a list that an administrator gave are left as they are. Chunks that are closed stay
/// so.
pub async fn give_up(
    database: &Database,
    chunks: &[ChunkId],
    why: &str,
    outlook: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    close(&mut batch, chunks, why, outlook, now)?;
    database.run(batch).await.map(|_| ())
}

/// The same for chunks whose message failed too often, which is counted.
pub async fn give_up_dead(
    database: &Database,
    chunks: &[ChunkId],
    why: &str,
    outlook: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    close(&mut batch, chunks, why, outlook, now)?;
    let letters = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    batch.execute(counters::add(counters::DEAD_LETTERS, "", letters, now));
    database.run(batch).await.map(|_| ())
}

fn close(
    batch: &mut Batch,
    chunks: &[ChunkId],
    why: &str,
    outlook: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let args = [Arg::json(&chunks)?, why.into(), now.into()];
    batch.execute(Statement::new(LEAVE_BULK, args));
    batch.execute(Statement::new(LIFT_HOLD, [Arg::json(&chunks)?, now.into()]));
    push_sums(batch, chunks, Some(&format!("{why}{outlook}")), now).map(|_| ())
}
