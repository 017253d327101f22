//! A run's row in the ledger, written.

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Origin;
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::store::DueLeavings;
use crate::provisioning::store::columns::{UserIdRow, user_ids};
use crate::provisioning::store::fanout::abandoned::{Abandoned, Silence, push_abandoned};
use crate::provisioning::store::leaving::list_due_leavings;
use crate::provisioning::store::pause::{PAUSED, PausedRow, not_paused};
use crate::provisioning::store::quarantine::{Quarantined, list_quarantined_statement};
use crate::provisioning::store::queue::{Candidate, WaitingRow, list_due_statement};

// ?1 run, ?2 trigger, ?3 actor, ?4 request, ?5 limit, ?6 start
const OPEN: &str = concat!(
    "
INSERT INTO provisioning_runs
  (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at)
SELECT ?1, ?2, ?3, ?4, 'running', ?5, ?6 WHERE ",
    not_paused!()
);

// ?1 run, ?2 status, ?3 total, ?4 created, ?5 failed, ?6 skipped, ?7 quarantined, ?8 errors, ?9 now
const CLOSE: &str = "
UPDATE provisioning_runs SET
  status = ?2, total = ?3, created = ?4, failed = ?5, skipped = ?6, quarantined = ?7,
  errors = ?8, finished_at = ?9,
  remaining = (SELECT value FROM provisioning_totals WHERE name = 'waiting')
WHERE run_id = ?1
RETURNING remaining AS waiting";

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// `POST /admin/backfill-threedeye`.
    Manual,
    Cron,
}

impl Trigger {
    /// The name in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Cron => "cron",
        }
    }
}

/// A run that begins.
#[derive(Debug, Clone)]
pub struct RunOpening {
    /// `run_` and a ULID.
    pub run_id: String,
    pub trigger: Trigger,
    /// On whose behalf.
    pub origin: Origin,
    /// Users to take up at most.
    pub limit: u32,
    pub started_at: Timestamp,
}

db::row! {
    /// A run's sums.
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Tally {
        /// Users taken up: `created + failed + skipped`.
        pub total: u32,
        /// Users that now have their account, adopted and replaced ones included.
        pub created: u32,
        /// Users that could not be provisioned.
        pub failed: u32,
        /// Users left as they were: held by another actor, or the run ended early.
        pub skipped: u32,
        /// Those of `failed` that went into quarantine.
        pub quarantined: u32,
        /// One line a user (`<uuid>: <reason>`), and one for an early end.
        pub errors: Vec<String> = json,
    }
}

/// A run that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunClosing {
    pub run_id: String,
    /// Whether it went to its end.
    pub completed: bool,
    pub tally: Tally,
    pub finished_at: Timestamp,
}

/// What a run has to do.
#[derive(Debug)]
pub struct OpenedRun {
    pub candidates: Vec<Candidate>,
    /// Whose accounts to look out for.
    pub quarantined: Vec<Quarantined>,
    /// Users that left and whose wait is over.
    pub leaving: Vec<UserId>,
    /// Of earlier runs.
    pub abandoned: Abandoned,
}

/// Opens a run's row in the ledger and lists up to `limit` users that are due by `due_by`, and those
/// that left and are due. `None`: runs are paused, and nothing was written.
pub async fn open_run(
    database: &Database,
    opening: &RunOpening,
    due_by: Timestamp,
    leavings: DueLeavings,
    silence: Silence,
) -> Result<Option<OpenedRun>, DatabaseError> {
    let mut batch = Batch::new();
    let paused = batch.push::<PausedRow>(Statement::new(PAUSED, []));
    batch.execute(Statement::new(
        OPEN,
        [
            opening.run_id.as_str().into(),
            opening.trigger.as_str().into(),
            opening.origin.actor.as_str().into(),
            (&opening.origin.request_id).into(),
            opening.limit.into(),
            opening.started_at.into(),
        ],
    ));
    let due = batch.push(list_due_statement(due_by, opening.limit));
    let quarantined = batch.push(list_quarantined_statement());
    let leaving = batch.push::<UserIdRow>(list_due_leavings(leavings));
    let abandoned = push_abandoned(&mut batch, silence);
    let answers = database.run(batch).await?;
    if answers.one(paused)?.paused {
        return Ok(None);
    }
    Ok(Some(OpenedRun {
        candidates: answers.rows(due)?,
        quarantined: answers.rows(quarantined)?,
        leaving: user_ids(answers.rows(leaving)?),
        abandoned: abandoned.read(&answers)?,
    }))
}

/// Closes a run's row and tells how many users still wait.
pub async fn close_run(database: &Database, closing: &RunClosing) -> Result<u64, DatabaseError> {
    let status = if closing.completed {
        "completed"
    } else {
        "ended_early"
    };
    let tally = &closing.tally;
    let mut batch = Batch::new();
    let closed = batch.push::<WaitingRow>(Statement::new(
        CLOSE,
        [
            closing.run_id.as_str().into(),
            status.into(),
            tally.total.into(),
            tally.created.into(),
            tally.failed.into(),
            tally.skipped.into(),
            tally.quarantined.into(),
            Arg::json(&tally.errors)?,
            closing.finished_at.into(),
        ],
    ));
    let row = database.run(batch).await?.first(closed)?;
    Ok(row.map_or(0, |row| row.waiting))
}
