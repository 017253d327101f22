//! The ledger of runs, read.

use serde::Deserialize;

use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;

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
#[derive(Debug, Clone)]
pub struct RunRow {
    /// `run_` and a ULID.
    pub run_id: String,
    /// `manual` or `cron`.
    pub trigger: String,
    /// `inline` or `queue`.
    pub mode: String,
    /// `running`, `completed` or `ended_early`.
    pub status: String,
    /// Users it would take up at most.
    pub limit: u32,
    /// Users taken up.
    pub total: u32,
    /// Users that got their account.
    pub created: u32,
    /// Users that could not be provisioned.
    pub failed: u32,
    /// Users left as they were.
    pub skipped: u32,
    /// Those of `failed` that went into quarantine.
    pub quarantined: u32,
    /// Users that still waited when it ended.
    pub remaining: Option<u64>,
    /// One line a user.
    pub errors: Vec<String>,
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

#[derive(Deserialize)]
struct RunColumns {
    run_id: String,
    trigger_kind: String,
    mode: String,
    status: String,
    batch_limit: u32,
    total: u32,
    created: u32,
    failed: u32,
    skipped: u32,
    quarantined: u32,
    remaining: Option<u64>,
    errors: String,
    started_at: i64,
    advanced_at: Option<i64>,
    finished_at: Option<i64>,
}

impl RunColumns {
    fn into_row(self) -> Result<RunRow, DatabaseError> {
        let errors = serde_json::from_str(&self.errors)
            .map_err(|_| DatabaseError::bad_value("provisioning_runs", "errors", &self.run_id))?;
        Ok(RunRow {
            run_id: self.run_id,
            trigger: self.trigger_kind,
            mode: self.mode,
            status: self.status,
            limit: self.batch_limit,
            total: self.total,
            created: self.created,
            failed: self.failed,
            skipped: self.skipped,
            quarantined: self.quarantined,
            remaining: self.remaining,
            errors,
            started_at: Timestamp::from_millis(self.started_at),
            advanced_at: self.advanced_at.map(Timestamp::from_millis),
            finished_at: self.finished_at.map(Timestamp::from_millis),
        })
    }
}

/// The latest runs, newest first.
pub async fn list_runs(database: &Database, limit: u32) -> Result<Vec<RunRow>, DatabaseError> {
    let mut batch = Batch::new();
    let runs = batch.push::<RunColumns>(Statement::new(LIST_RUNS, [limit.into()]));
    let rows = database.run(batch).await?.rows(runs)?;
    rows.into_iter().map(RunColumns::into_row).collect()
}

/// One run and how far its chunks are; `None`: there is no such run.
pub async fn find_run(
    database: &Database,
    id: &str,
) -> Result<Option<(RunRow, Chunks)>, DatabaseError> {
    let mut batch = Batch::new();
    let run = batch.push::<RunColumns>(Statement::new(ONE_RUN, [id.into()]));
    let chunks = batch.push::<Chunks>(Statement::new(COUNT_CHUNKS, [id.into()]));
    let answers = database.run(batch).await?;
    let Some(row) = answers.first(run)? else {
        return Ok(None);
    };
    Ok(Some((row.into_row()?, answers.one(chunks)?)))
}
