//! Chunks that no one will come for any more.

use crate::db::{Batch, DatabaseError, Results, Slot, Statement};
use crate::kernel::Timestamp;
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::policy::ABANDONED_AT_ONCE;

// ?1 moment, ?2 moment for a list, ?3 limit, which keeps a run cheap
const UNDELIVERED: &str = "
SELECT c.run_id, c.chunk
FROM provisioning_runs r CROSS JOIN provisioning_chunks c ON c.run_id = r.run_id
WHERE r.status = 'running' AND r.mode = 'queue' AND c.state = 'open'
  AND r.advanced_at <= iif(r.action = 'backfill', ?1, ?2)
LIMIT ?3";

// ?1 moment, ?2 limit. An administrator started each of them.
const DIED: &str = "
SELECT c.run_id, c.chunk
FROM provisioning_runs r CROSS JOIN provisioning_chunks c ON c.run_id = r.run_id
WHERE r.trigger_kind = 'manual' AND r.status = 'running' AND r.mode = 'inline'
  AND r.bulk IS NOT NULL AND r.advanced_at <= ?1 AND c.state = 'open'
LIMIT ?2";

/// Since when a run must not have been worked on to count as abandoned.
#[derive(Debug, Clone, Copy)]
pub struct Silence {
    pub runs: Timestamp,
    /// That of a list whose messages are in the queue.
    pub queued_lists: Timestamp,
}

/// Open chunks, at most [`ABANDONED_AT_ONCE`] of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Abandoned {
    /// No delivery comes.
    pub undelivered: Vec<ChunkId>,
    /// Of lists that a process was to do at once, which died.
    pub died: Vec<ChunkId>,
}

/// Their places among the answers.
pub struct Asked {
    undelivered: Slot<ChunkId>,
    died: Slot<ChunkId>,
}

/// Adds what lists them.
pub fn push_abandoned(batch: &mut Batch, silence: Silence) -> Asked {
    let (runs, limit) = (silence.runs, ABANDONED_AT_ONCE);
    let undelivered = [runs.into(), silence.queued_lists.into(), limit.into()];
    Asked {
        undelivered: batch.push(Statement::new(UNDELIVERED, undelivered)),
        died: batch.push(Statement::new(DIED, [runs.into(), limit.into()])),
    }
}

impl Asked {
    pub fn read(self, answers: &Results) -> Result<Abandoned, DatabaseError> {
        Ok(Abandoned {
            undelivered: answers.rows(self.undelivered)?,
            died: answers.rows(self.died)?,
        })
    }
}
