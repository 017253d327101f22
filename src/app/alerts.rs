//! The end of a scheduled run: gauges are taken, alerts are told, and a monitor elsewhere hears that cron is alive.

use std::time::Duration;

use serde::Serialize;

use crate::alerts::delivery::{beat, deliver};
use crate::alerts::store::{Change, Status, forget_changes, record_findings};
use crate::alerts::{Finding, Observed};
use crate::db::{Batch, Database, DatabaseError};
use crate::health::endpoint::{Checks, check};
use crate::kernel::log::{Level, Line, Log, write_failure};
use crate::kernel::{RequestId, Timestamp, Webhook};
use crate::metrics::counters::DEAD_LETTERS;
use crate::metrics::gauges::{Gauges, take_gauges};
use crate::metrics::store::read_counters;
use crate::provisioning::policy::died_before;
use crate::services::Services;

/// What the log tells of alerts.
#[derive(Serialize, Default)]
struct Alerts {
    /// Those that began to fire, and of which the receiver was told.
    #[serde(rename = "alerts.fired")]
    fired: usize,
    /// Those that ended, and of which the receiver was told.
    #[serde(rename = "alerts.resolved")]
    resolved: usize,
    /// What the receiver is to be told by the next run.
    #[serde(rename = "alerts.failed")]
    failed: usize,
    #[serde(skip)]
    cause: Option<String>,
}

/// How long the receiver is told; the rest is told by the next run. A scheduled event has a quarter of an hour, and the
/// run before may have taken most of it.
const BUDGET: Duration = Duration::from_secs(30);

/// What `/health` says before the run of this event. With a queue it is judged by that: a run that was just planned hides
/// how the one before it ended. Without, `None`: then the run of this event has ended when alerts are told.
pub async fn look_before(services: &Services) -> Option<Checks> {
    if services.config.alerts.webhook.is_none() || services.run_queue().is_none() {
        return None;
    }
    Some(check(services).await.checks)
}

/// Takes the gauges, and tells of alerts that began or ended. `before` is what [`look_before`] saw. `false`: the database
/// did not take part, so that none could be told.
pub async fn watch(
    services: &Services,
    before: Option<Checks>,
    request_id: &RequestId,
    log: &dyn Log,
) -> bool {
    let started = services.now();
    let told = tell(services, before, started).await;
    let went_well = told.is_ok();
    let alerts = told.unwrap_or_else(|error| Alerts {
        cause: Some(error.to_string()),
        ..Alerts::default()
    });
    let is_silent = alerts.cause.is_none() && alerts.fired + alerts.resolved == 0;
    if !is_silent {
        let line = Line {
            event: "alerts",
            level: match alerts.cause {
                None => Level::Info,
                Some(_) => Level::Error,
            },
            request_id: request_id.as_str(),
            cause: alerts.cause.as_deref(),
            fields: &alerts,
            duration: services.now().since(started),
        };
        line.write(log);
    }
    went_well
}

/// A failure of the receiver is in the report: what it was not told, the next run tells it.
async fn tell(
    services: &Services,
    before: Option<Checks>,
    now: Timestamp,
) -> Result<Alerts, DatabaseError> {
    let database = services.database()?;
    let (gauges, last_dead_letter_at) = take(&database, now).await?;
    let Some(webhook) = &services.config.alerts.webhook else {
        return Ok(Alerts::default());
    };
    let checks = match before {
        Some(checks) => checks,
        None => check(services).await.checks,
    };
    let findings = judge(services, &checks, &gauges, last_dead_letter_at);
    let waiting = record_findings(&database, &findings, &*services.random, now).await?;
    let (told, cause) = deliver_all(services, webhook, &waiting).await;
    if !told.is_empty() {
        let ids: Vec<&str> = told.iter().map(|change| change.id.as_str()).collect();
        forget_changes(&database, &ids).await?;
    }
    let fired = told.iter().filter(|it| it.status == Status::Firing).count();
    Ok(Alerts {
        fired,
        resolved: told.len() - fired,
        failed: waiting.len() - told.len(),
        cause,
    })
}

/// Takes the gauges; tells them, and when the last dead letter came.
async fn take(
    database: &Database,
    now: Timestamp,
) -> Result<(Gauges, Option<Timestamp>), DatabaseError> {
    // The batch before this one has told it.
    let bytes = database.size().unwrap_or_default();
    let mut batch = Batch::new();
    let gauges = take_gauges(&mut batch, now, died_before(now), bytes);
    let counters = read_counters(&mut batch);
    let results = database.run(batch).await?;
    let counters = results.rows(counters)?.into_iter();
    let mut dead = counters.filter(|counter| counter.name == DEAD_LETTERS);
    Ok((
        results.one(gauges)?,
        dead.next().map(|counter| counter.changed_at),
    ))
}

fn judge(
    services: &Services,
    checks: &Checks,
    gauges: &Gauges,
    last_dead_letter_at: Option<Timestamp>,
) -> [Finding; 6] {
    let observed = Observed {
        gauges,
        health_problems: checks.problems(),
        last_dead_letter_at,
        runs_are_on: services.config.threedeye.is_some() && !checks.is_paused(),
        most_quarantined: services.config.alerts.most_quarantined,
    };
    observed.findings()
}

/// Tells the receiver in order; answers what it was told, and why not all. After a failure the others wait too: it is down.
async fn deliver_all<'a>(
    services: &Services,
    webhook: &Webhook,
    waiting: &'a [Change],
) -> (Vec<&'a Change>, Option<String>) {
    let mut told = Vec::new();
    let until = services.now().plus(BUDGET);
    for change in waiting {
        if services.now() >= until {
            return (told, Some("the receiver takes too long".to_owned()));
        }
        let sent = deliver(change, webhook, services.http(), &*services.clock).await;
        if let Err(failure) = sent {
            return (told, Some(failure.to_string()));
        }
        told.push(change);
    }
    (told, None)
}

/// Tells the monitor that the scheduled run went to its end.
pub async fn report_life(services: &Services, request_id: &RequestId, log: &dyn Log) {
    let Some(url) = &services.config.alerts.heartbeat_url else {
        return;
    };
    let started = services.now();
    let Err(failure) = beat(url.expose(), services.http()).await else {
        return;
    };
    let (cause, duration) = (failure.to_string(), services.now().since(started));
    write_failure(log, "alerts.heartbeat", request_id, &cause, duration);
}
