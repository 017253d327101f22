//! A delivery of chunks: what it has to do, and where it leaves them.

use serde::Serialize;

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::kernel::ordered::set_of;
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::store::bulk::BulkRun;
use crate::provisioning::store::fanout::sums::{ChunkStatus, push_sums};
use crate::provisioning::store::pause::{PAUSED, PausedRow, not_paused};
use crate::provisioning::store::quarantine::{Quarantined, list_quarantined_statement};
use crate::provisioning::store::queue::{Candidate, select_candidates};

// ?1 runs. One over a list draws from its own, one by one.
const ALLOWANCES: &str = concat!(
    "
SELECT run_id, takeovers_left FROM provisioning_runs
WHERE run_id IN (SELECT value FROM json_each(?1)) AND action = 'backfill' AND ",
    not_paused!()
);

// ?1 runs, ?2 now. Everything that ALLOWANCES read is taken: a delivery that dies takes it along, so a
// run replaces fewer accounts than it may, never more.
const RESERVE: &str = concat!(
    "
UPDATE provisioning_runs SET
  takeovers_left = iif(action = 'backfill', 0, takeovers_left), advanced_at = ?2
WHERE run_id IN (SELECT value FROM json_each(?1)) AND ",
    not_paused!()
);

// ?1 allowances
const GIVE_BACK: &str = "
UPDATE provisioning_runs SET takeovers_left = takeovers_left + a.unused
FROM (SELECT value ->> 'run_id' AS run, value ->> 'takeovers_left' AS unused FROM json_each(?1)) a
WHERE provisioning_runs.run_id = a.run";

// ?1 chunks
const COUNT_DELIVERY: &str = "
UPDATE provisioning_chunks SET deliveries = deliveries + 1
FROM (SELECT value ->> 'runId' AS run, value ->> 'chunk' AS chunk FROM json_each(?1)) m
WHERE provisioning_chunks.run_id = m.run AND provisioning_chunks.chunk = m.chunk
  AND state = 'open'";

// ?1 chunks, ?2 now
const LIST_HELD: &str = select_candidates!(
    "
FROM json_each(?1) m
CROSS JOIN provisioning_chunks c
  ON c.run_id = m.value ->> 'runId' AND c.chunk = m.value ->> 'chunk' AND c.state = 'open'
CROSS JOIN provisioning_runs r ON r.run_id = c.run_id AND r.stopped_at IS NULL
CROSS JOIN json_each(c.user_ids) i
CROSS JOIN provisioning_queue q ON q.user_id = i.value AND q.due_at = r.hold_until
LEFT JOIN threedeye_users s ON s.user_id = q.user_id
WHERE coalesce(s.lease_until, 0) <= ?2"
);

// ?1 runs
const BULK_RUNS: &str = "
SELECT run_id, bulk, actor, request_id FROM provisioning_runs
WHERE run_id IN (SELECT value FROM json_each(?1)) AND bulk IS NOT NULL AND stopped_at IS NULL";

db::row! {
    /// How many accounts a delivery may replace on behalf of a run.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct ReplacementAllowance {
        pub run_id: String,
        #[serde(rename = "takeovers_left")]
        pub replacements: u32 = "takeovers_left",
    }
}

/// What a delivery has to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenedDelivery {
    /// The users that still wait for their chunk and are under no lease.
    pub candidates: Vec<Candidate>,
    /// Whose accounts to look out for.
    pub quarantined: Vec<Quarantined>,
    /// What was reserved; what is not used is to be given back.
    pub allowances: Vec<ReplacementAllowance>,
    /// Those of the runs that are over a list which an administrator gave.
    pub bulk: Vec<BulkRun>,
}

/// Notes a delivery of these chunks, reserves what is left of their runs' replacements, and lists the
/// users that wait for them. A chunk that is closed or unknown has none. `None`: runs are paused, and nothing
/// was reserved.
pub async fn open_delivery(
    database: &Database,
    chunks: &[ChunkId],
    now: Timestamp,
) -> Result<Option<OpenedDelivery>, DatabaseError> {
    let runs = set_of(chunks.iter().map(|chunk| chunk.run_id.as_str()));
    let runs = Arg::json(&runs)?;
    let chunks = Arg::json(&chunks)?;
    let mut batch = Batch::new();
    let paused = batch.push::<PausedRow>(Statement::new(PAUSED, []));
    let allowances = batch.push(Statement::new(ALLOWANCES, [runs.clone()]));
    batch.execute(Statement::new(RESERVE, [runs.clone(), now.into()]));
    batch.execute(Statement::new(COUNT_DELIVERY, [chunks.clone()]));
    let held = batch.push(Statement::new(LIST_HELD, [chunks, now.into()]));
    let quarantined = batch.push(list_quarantined_statement());
    let bulk = batch.push(Statement::new(BULK_RUNS, [runs]));
    let answers = database.run(batch).await?;
    if answers.one(paused)?.paused {
        return Ok(None);
    }
    Ok(Some(OpenedDelivery {
        candidates: answers.rows(held)?,
        quarantined: answers.rows(quarantined)?,
        allowances: answers.rows(allowances)?,
        bulk: answers.rows(bulk)?,
    }))
}

/// Gives unused replacements back, one allowance a run, and reads off where the chunks' users stand. A
/// chunk that no user waits for is closed, and with its last open chunk the run. Answers for the
/// chunks that were open.
pub async fn close_delivery(
    database: &Database,
    chunks: &[ChunkId],
    unused: &[ReplacementAllowance],
    now: Timestamp,
) -> Result<Vec<ChunkStatus>, DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(Statement::new(GIVE_BACK, [Arg::json(&unused)?]));
    let sums = push_sums(&mut batch, chunks, None, now)?;
    sums.statuses(&database.run(batch).await?)
}
