//! The ledger of runs, read.

use serde::Deserialize;

use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::provisioning::store::Tally;

const LIST_RUNS: &str = "
SELECT run_id, trigger_kind, mode, status, batch_limit, total, created, failed, skipped,
       quarantined, remaining, errors, started_at, advanced_at, finished_at
FROM provisioning_runs ORDER BY started_at DESC, run_id DESC LIMIT ?1";

const ONE_RUN: &str = "
SELECT run_id, trigger_kind, mode, status, batch_limit, total, created, failed, skipped,
       quarantined, remaining, errors, started_at, advanced_at, finished_at
FROM provisioning_runs WHERE run_id = ?1";

const COUNT_CHUNKS: &str = "
SELECT count(*) AS planned, count(*) FILTER (WHERE state <> 'open') AS closed
FROM provisioning_chunks WHERE run_id = ?1";

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RunRow {
    /// `run_` and a ULID.
    pub run_id: String,
    /// `manual` or `cron`.
    pub trigger_kind: String,
    /// `inline` or `queue`.
    pub mode: String,
    /// `running`, `completed` or `ended_early`.
    pub status: String,
    /// Users it would take up at most.
    pub batch_limit: u32,
    #[serde(flatten)]
    pub tally: Tally,
    /// Users that still waited when it ended.
    pub remaining: Option<u64>,
    pub started_at: Timestamp,
    /// When a consumer last worked on it; `None` for a run in one process.
    pub advanced_at: Option<Timestamp>,
    /// When it ended; `None`: at work, or it died.
    pub finished_at: Option<Timestamp>,
}

/// The chunks of a run; none for a run in one process.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Chunks {
    pub planned: u32,
    /// Those whose users wait no longer.
    pub closed: u32,
}

/// The latest runs, newest first.
pub async fn list_runs(database: &Database, limit: u32) -> Result<Vec<RunRow>, DatabaseError> {
    let mut batch = Batch::new();
    let runs = batch.push(Statement::new(LIST_RUNS, [limit.into()]));
    database.run(batch).await?.rows(runs)
}

/// One run and how far its chunks are; `None`: there is no such run.
pub async fn find_run(
    database: &Database,
    id: &str,
) -> Result<Option<(RunRow, Chunks)>, DatabaseError> {
    let mut batch = Batch::new();
    let run = batch.push(Statement::new(ONE_RUN, [id.into()]));
    let chunks = batch.push(Statement::new(COUNT_CHUNKS, [id.into()]));
    let answers = database.run(batch).await?;
    Ok(match answers.first(run)? {
        Some(row) => Some((row, answers.one(chunks)?)),
        None => None,
    })
}
