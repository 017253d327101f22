//! Where the users of chunks stand, and what that makes of the chunks and of their runs.

use std::collections::BTreeSet;

use crate::db::{self, Arg, Batch, DatabaseError, Results, Slot, Statement};
use crate::kernel::Timestamp;
use crate::kernel::ordered::set_of;
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::policy::MAX_RUN_ERRORS;
use crate::provisioning::store::fanout::has_chunks;

// ?1 chunks, ?2 why the chunks are given up, or NULL. Failed are those that were settled with a wait
// of their own, or that left the queue without an account; skipped are those left as they were: gone,
// changed meanwhile, or beyond the take-over limit.
const UPDATE_CHUNKS: &str = "
UPDATE provisioning_chunks SET
  waiting = s.waiting, created = s.created, failed = s.failed, quarantined = s.quarantined,
  skipped = s.skipped,
  errors = CASE
    WHEN ?2 IS NOT NULL THEN json_insert(s.errors, '$[#]', 'chunk ' || s.chunk || ': ' || ?2)
    WHEN s.skipped > 0 THEN json_insert(s.errors, '$[#]', 'chunk ' || s.chunk || ': '
      || s.skipped || ' user(s) left as they were: gone, changed, or beyond the take-over limit')
    ELSE s.errors END,
  state = CASE WHEN ?2 IS NOT NULL THEN 'given_up' WHEN s.waiting = 0 THEN 'done' ELSE 'open' END,
  user_ids = CASE WHEN ?2 IS NULL AND s.waiting > 0 THEN user_ids ELSE '[]' END
FROM (
  SELECT run_id, chunk,
         count(*) FILTER (WHERE standing = 'waiting') AS waiting,
         count(*) FILTER (WHERE standing = 'created') AS created,
         count(*) FILTER (WHERE standing IN ('failed', 'quarantined')) AS failed,
         count(*) FILTER (WHERE standing = 'quarantined') AS quarantined,
         count(*) FILTER (WHERE standing IS NULL) AS skipped,
         json_group_array(user_id || ': ' || last_error)
           FILTER (WHERE standing IN ('failed', 'quarantined')) AS errors
  FROM (
    SELECT c.run_id, c.chunk, t.user_id, coalesce(t.last_error, 'failed') AS last_error,
           CASE
             WHEN ?2 IS NULL AND q.due_at = r.hold_until THEN 'waiting'
             WHEN t.state = 'complete' THEN 'created'
             WHEN t.state = 'quarantined' THEN 'quarantined'
             WHEN t.state = 'set_aside' OR q.due_at = t.next_attempt_at THEN 'failed'
           END AS standing
    FROM json_each(?1) m
    CROSS JOIN provisioning_chunks c
      ON c.run_id = m.value ->> 'runId' AND c.chunk = m.value ->> 'chunk' AND c.state = 'open'
    CROSS JOIN provisioning_runs r ON r.run_id = c.run_id
    CROSS JOIN json_each(c.user_ids) i
    LEFT JOIN provisioning_queue q ON q.user_id = i.value
    LEFT JOIN threedeye_users t ON t.user_id = i.value
  )
  GROUP BY run_id, chunk
) s
WHERE provisioning_chunks.run_id = s.run_id AND provisioning_chunks.chunk = s.chunk
RETURNING run_id, chunk, waiting, deliveries";

// ?1 chunks. Those of a list that an administrator gave: what became of its users is written down, so the figures
// of a chunk that is closed may still change.
const UPDATE_BULK_CHUNKS: &str = "
UPDATE provisioning_chunks SET
  waiting = s.waiting, created = s.done, failed = s.failed, skipped = s.skipped,
  errors = iif(s.skipped = 0, s.errors, json_insert(s.errors, '$[#]', 'chunk ' || s.chunk || ': '
    || s.skipped || ' user(s) left as they were: ' || s.why)),
  state = CASE WHEN state <> 'open' THEN state
    WHEN s.given_up > 0 THEN 'given_up' WHEN s.waiting = 0 THEN 'done' ELSE 'open' END
FROM (
  SELECT b.run_id, b.chunk,
         count(*) FILTER (WHERE b.state = 'waiting' OR b.state = 'working') AS waiting,
         count(*) FILTER (WHERE b.state = 'done') AS done,
         count(*) FILTER (WHERE b.state = 'refused' OR b.state = 'failed') AS failed,
         count(*) FILTER (WHERE b.state = 'skipped') AS skipped,
         max(b.outcome) FILTER (WHERE b.state = 'skipped') AS why,
         count(*) FILTER (WHERE b.reason = 'run_ended') AS given_up,
         json_group_array(coalesce(b.user_id, 'entry ' || b.n) || ': ' || b.outcome)
           FILTER (WHERE b.state = 'refused' OR b.state = 'failed') AS errors
  FROM json_each(?1) m
  CROSS JOIN provisioning_bulk_users b
    ON b.run_id = m.value ->> 'runId' AND b.chunk = m.value ->> 'chunk'
  GROUP BY b.run_id, b.chunk
) s
WHERE provisioning_chunks.run_id = s.run_id AND provisioning_chunks.chunk = s.chunk
RETURNING run_id, chunk, waiting, deliveries";

// ?1 runs, ?2 now, ?3 lines of errors. The run closes with its last open chunk; what is closed keeps its end.
const UPDATE_RUNS: &str = concat!(
    "
UPDATE provisioning_runs SET
  total = s.planned, created = s.created, failed = s.failed, skipped = s.skipped,
  quarantined = s.quarantined, advanced_at = ?2,
  errors = (
    SELECT json_group_array(value) FROM (
      SELECT e.value FROM provisioning_chunks c CROSS JOIN json_each(c.errors) e
      WHERE c.run_id = provisioning_runs.run_id LIMIT ?3
    )
  ),
  status = CASE WHEN s.open > 0 THEN 'running' WHEN s.given_up > 0 THEN 'ended_early'
                ELSE 'completed' END,
  finished_at = CASE WHEN s.open > 0 THEN NULL ELSE coalesce(finished_at, ?2) END,
  remaining = CASE WHEN s.open > 0 THEN NULL ELSE coalesce(
    remaining, (SELECT value FROM provisioning_totals WHERE name = 'waiting')
  ) END
FROM (
  SELECT m.value AS run, count(*) FILTER (WHERE c.state = 'open') AS open,
         count(*) FILTER (WHERE c.state = 'given_up') AS given_up,
         coalesce(sum(c.planned), 0) AS planned, coalesce(sum(c.created), 0) AS created,
         coalesce(sum(c.failed), 0) AS failed, coalesce(sum(c.skipped), 0) AS skipped,
         coalesce(sum(c.quarantined), 0) AS quarantined
  FROM json_each(?1) m
  LEFT JOIN provisioning_chunks c ON c.run_id = m.value
  GROUP BY m.value
) s
WHERE provisioning_runs.run_id = s.run AND ",
    has_chunks!()
);

db::row! {
    /// Where a chunk stands that was open before.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ChunkStatus {
        pub id: ChunkId = flatten,
        /// Users that still wait for it.
        pub waiting: u32,
        /// How often it was delivered.
        pub deliveries: u32,
    }
}

/// The answers of [`push_sums`].
#[derive(Clone, Copy)]
pub(in crate::provisioning::store) struct Sums {
    planned: Slot<ChunkStatus>,
    bulk: Slot<ChunkStatus>,
}

impl Sums {
    /// Where the chunks stand.
    pub fn statuses(self, answers: &Results) -> Result<Vec<ChunkStatus>, DatabaseError> {
        let mut statuses = answers.rows(self.planned)?;
        statuses.extend(answers.rows(self.bulk)?);
        Ok(statuses)
    }
}

/// Reads off where the chunks' users stand, then what that makes of the runs.
pub(in crate::provisioning::store) fn push_sums(
    batch: &mut Batch,
    chunks: &[ChunkId],
    given_up: Option<&str>,
    now: Timestamp,
) -> Result<Sums, DatabaseError> {
    let args = [Arg::json(&chunks)?, given_up.into()];
    let sums = Sums {
        planned: batch.push(Statement::new(UPDATE_CHUNKS, args)),
        bulk: batch.push(Statement::new(UPDATE_BULK_CHUNKS, [Arg::json(&chunks)?])),
    };
    let runs = set_of(chunks.iter().map(|chunk| chunk.run_id.as_str()));
    batch.execute(update_runs(&runs, now)?);
    Ok(sums)
}

/// What the chunks of these runs make of the runs.
pub(super) fn update_runs(
    runs: &BTreeSet<&str>,
    now: Timestamp,
) -> Result<Statement, DatabaseError> {
    let args = [Arg::json(runs)?, now.into(), MAX_RUN_ERRORS.into()];
    Ok(Statement::new(UPDATE_RUNS, args))
}
