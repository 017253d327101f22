//! The ledger of runs, read.

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::provisioning::policy;
use crate::provisioning::store::{Tally, Trigger};

/// The newest runs of each condition, merged. Ids are in the order in which runs began. ?1 limit, ?2 the run
/// before them, ?3 and ?4 the conditions' own.
macro_rules! list_runs {
    ($first:literal $(, $other:literal)*) => {
        concat!(
            "
SELECT run_id, trigger_kind, mode, action, status, batch_limit, total, created, failed, skipped,
       quarantined, remaining, errors, started_at, advanced_at, finished_at
FROM (",
            list_runs!(one $first),
            $("
  UNION ALL",
            list_runs!(one $other),)*
            ")
ORDER BY run_id DESC LIMIT ?1"
        )
    };
    (one $condition:literal) => {
        concat!(
            "
  SELECT * FROM provisioning_runs ",
            $condition,
            " run_id < coalesce(
    (SELECT run_id FROM provisioning_runs WHERE run_id = ?2), iif(?2 IS NULL, '~', ''))"
        )
    };
}

const ALL: &str = list_runs!("WHERE");
const BY_TRIGGER: &str = list_runs!(
    "INDEXED BY provisioning_runs_by_kind WHERE trigger_kind = ?3 AND status = 'running' AND",
    "INDEXED BY provisioning_runs_by_kind WHERE trigger_kind = ?3 AND status = 'completed' AND",
    "INDEXED BY provisioning_runs_by_kind WHERE trigger_kind = ?3 AND status = 'ended_early' AND"
);
const BY_STATUS: &str = list_runs!(
    "INDEXED BY provisioning_runs_by_kind WHERE trigger_kind = 'manual' AND status = ?3 AND",
    "INDEXED BY provisioning_runs_by_kind WHERE trigger_kind = 'cron' AND status = ?3 AND"
);
const BY_BOTH: &str =
    list_runs!("INDEXED BY provisioning_runs_by_kind WHERE trigger_kind = ?3 AND status = ?4 AND");

const ONE_RUN: &str = "
SELECT run_id, trigger_kind, mode, action, status, batch_limit, total, created, failed, skipped,
       quarantined, remaining, errors, started_at, advanced_at, finished_at
FROM provisioning_runs WHERE run_id = ?1";

const COUNT_CHUNKS: &str = "
SELECT count(*) AS planned, count(*) FILTER (WHERE state <> 'open') AS closed
FROM provisioning_chunks WHERE run_id = ?1";

db::row! {
    /// One run.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RunRow {
        /// `run_` and a ULID.
        pub run_id: String,
        /// `manual` or `cron`.
        pub trigger_kind: String,
        /// `inline` or `queue`.
        pub mode: String,
        /// What is done: `backfill`, or the word of what an administrator asked for a list of users.
        pub action: String,
        /// `running`, `completed` or `ended_early`.
        pub status: String,
        /// Users it would take up at most.
        pub batch_limit: u32,
        pub tally: Tally = flatten,
        /// Users that still waited when it ended.
        pub remaining: Option<u64>,
        pub started_at: Timestamp,
        /// When a consumer last worked on it; `None` for a run in one process.
        pub advanced_at: Option<Timestamp>,
        /// When it ended; `None`: at work, or it died.
        pub finished_at: Option<Timestamp>,
    }
}

impl RunRow {
    /// Whether it has died by `now`. A list in the queue may wait long behind other work.
    pub fn has_died(&self, now: Timestamp) -> bool {
        let active_at = self.advanced_at.unwrap_or(self.started_at);
        let waits = self.mode == "queue" && self.action != "backfill";
        let has_died = match waits {
            true => now.since(active_at) > policy::LIST_ABANDONED_AFTER,
            false => policy::has_died(active_at, now),
        };
        self.finished_at.is_none() && has_died
    }
}

db::row! {
    /// The chunks of a run; none for a run in one process.
    #[derive(Debug, Clone, Copy)]
    pub struct Chunks {
        pub planned: u32,
        /// Those whose users wait no longer.
        pub closed: u32,
    }
}

/// Which runs are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunFilter<'a> {
    pub trigger: Option<Trigger>,
    pub status: Option<RunStatus>,
    /// Only runs that began before this one; one that is unknown has none before it.
    pub before: Option<&'a str>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    Running,
    Completed,
    EndedEarly,
}

impl RunStatus {
    /// The name in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::EndedEarly => "ended_early",
        }
    }
}

/// The latest runs, newest first.
pub async fn list_runs(
    database: &Database,
    filter: RunFilter<'_>,
    limit: u32,
) -> Result<Vec<RunRow>, DatabaseError> {
    let trigger = filter.trigger.map(|trigger| Arg::from(trigger.as_str()));
    let status = filter.status.map(|status| Arg::from(status.as_str()));
    let sql = match (&trigger, &status) {
        (None, None) => ALL,
        (Some(_), None) => BY_TRIGGER,
        (None, Some(_)) => BY_STATUS,
        (Some(_), Some(_)) => BY_BOTH,
    };
    let args = [Arg::from(limit), filter.before.into()];
    let args = args.into_iter().chain(trigger).chain(status);
    let mut batch = Batch::new();
    let runs = batch.push(Statement::new(sql, args));
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
