//! What the cron trigger starts.
//!
//! The runtime throws errors of this event away, so what happened is in the log and, of a run, in
//! the ledger. Cron is at-least-once, and events may overlap. That is safe: a notice is claimed by
//! one round of delivery, a user taken under its own lease.

use serde::Serialize;

use crate::app::{alerts, notices, refusals};
use crate::audit::retention::forget_entries;
use crate::db::{Batch, DatabaseError};
use crate::kernel::RequestId;
use crate::kernel::audit::{Actor, Origin};
use crate::kernel::log::{Level, Line, Log, write_failure};
use crate::operators::store::sweep_sessions;
use crate::overview::sample::sample;
use crate::provisioning::backfill::{NotRun, RunOrder};
use crate::provisioning::store::{Trigger, forget_runs};
use crate::services::Services;
use crate::threedeye::Client;

/// Delivers notices, samples the queue, deletes what was kept long enough, runs the backfill, and tells what is wrong.
/// Each handles its own failures, so none is in another's way.
pub async fn run(services: &Services, log: &dyn Log) {
    let request_id = RequestId::mint(services.now(), &*services.random);
    // First: it takes a minute and a half at worst, and a run may take all the time there is.
    notices::deliver_due(services, &request_id, log).await;
    // Before the run, which shortens the queue.
    let is_kept_up = keep_up(services, &request_id, log).await;
    let before = alerts::look_before(services).await;
    run_backfill(services, &request_id, log).await;
    refusals::write_down(services).await;
    // After the run, of which it tells.
    let is_watched = alerts::watch(services, before, &request_id, log).await;
    // Without the database no alert can be told: then silence does.
    if is_kept_up && is_watched {
        alerts::report_life(services, &request_id, log).await;
    }
}

/// Samples the queue for the charts, and deletes ended sessions and what `AUDIT_DAYS` have passed for, a little at a
/// time: one call of the database. Only a failure is logged.
async fn keep_up(services: &Services, request_id: &RequestId, log: &dyn Log) -> bool {
    let now = services.now();
    let until = now.minus(services.config.kept_for);
    let mut batch = Batch::new();
    sample(&mut batch, now);
    batch.execute(sweep_sessions(now));
    batch.execute(forget_entries(until));
    forget_runs(&mut batch, until, now);
    let result = match services.database() {
        Ok(database) => database.run(batch).await.map(|_| ()),
        Err(error) => Err(error),
    };
    let Err(error) = result else {
        return true;
    };
    let duration = services.now().since(now);
    write_failure(log, "upkeep", request_id, &error.to_string(), duration);
    false
}

/// What the log tells of a run. Of one that is left to the queue it tells what was planned.
#[derive(Serialize, Default)]
struct Run {
    /// The row in the ledger.
    #[serde(rename = "run.id")]
    run_id: Option<String>,
    /// Users taken up.
    #[serde(rename = "run.total")]
    total: u32,
    /// Users that got their account.
    #[serde(rename = "run.created")]
    created: u32,
    /// Users that could not be provisioned.
    #[serde(rename = "run.failed")]
    failed: u32,
    /// Accounts of deleted users that were removed.
    #[serde(rename = "run.removed")]
    removed: u32,
    /// Whether there was none because runs are paused.
    #[serde(rename = "run.paused")]
    paused: bool,
    /// Why it did not go well, if it did not.
    #[serde(skip)]
    cause: Option<String>,
}

impl Run {
    fn paused() -> Self {
        Self {
            paused: true,
            ..Self::default()
        }
    }
}

/// Runs the backfill, or plans it where there is a queue. Without 3dEye there is nothing to run: a
/// normal state, and `/health` knows.
async fn run_backfill(services: &Services, request_id: &RequestId, log: &dyn Log) {
    let Some(remote) = services.remote() else {
        return;
    };
    let started = services.now();
    let result = backfill(services, &remote, request_id).await;
    let run = result.unwrap_or_else(|cause| Run {
        cause: Some(cause),
        ..Run::default()
    });
    let level = match run.cause {
        None => Level::Info,
        Some(_) => Level::Error,
    };
    let line = Line {
        event: "backfill.run",
        level,
        request_id: request_id.as_str(),
        cause: run.cause.as_deref(),
        fields: &run,
        duration: services.now().since(started),
    };
    line.write(log);
}

async fn backfill(
    services: &Services,
    remote: &Client,
    request_id: &RequestId,
) -> Result<Run, String> {
    let store = |error: DatabaseError| error.to_string();
    let database = services.database().map_err(store)?;
    let origin = Origin::event(Actor::cron(), request_id.clone());
    let provisioning = services
        .provisioning(&database, &origin)
        .map_err(|error| error.to_string())?;
    let order = RunOrder {
        trigger: Trigger::Cron,
        limit: services.config.backfill_cron_limit,
        max_replacements: services.config.backfill_max_takeovers,
        removals: services.removals(),
    };
    if let Some(queue) = services.run_queue() {
        let planned = provisioning.with(remote).fan_out(order, &*queue).await;
        let mut planned = match planned {
            Ok(planned) => planned,
            Err(NotRun::Paused) => return Ok(Run::paused()),
            Err(NotRun::Database(error)) => return Err(store(error)),
        };
        let stopped = planned.removals.errors.pop();
        return Ok(Run {
            run_id: Some(planned.run_id),
            total: planned.users,
            cause: planned
                .cause
                .or_else(|| {
                    let lost = planned.abandoned;
                    (lost > 0)
                        .then(|| format!("{lost} chunk(s) of earlier runs were never delivered"))
                })
                .or(stopped.filter(|_| planned.removals.stopped)),
            removed: planned.removals.removed,
            ..Run::default()
        });
    }
    let finished = provisioning.with(remote).backfill(order).await;
    let mut finished = match finished {
        Ok(finished) => finished,
        Err(NotRun::Paused) => return Ok(Run::paused()),
        Err(NotRun::Database(error)) => return Err(store(error)),
    };
    let last_error = finished.tally.errors.pop();
    Ok(Run {
        run_id: Some(finished.run_id),
        total: finished.tally.total,
        created: finished.tally.created,
        failed: finished.tally.failed,
        paused: false,
        removed: finished.removed,
        cause: last_error.filter(|_| !finished.success),
    })
}
