//! `GET /health`: whether the service can do its work. No secrets, no counts.

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;

use crate::health::store::{RunStatus, Vitals};
use crate::kernel::{Clock as _, Timestamp};
use crate::web::caller::Anyone;
use crate::web::{ApiError, Call, Reply, Route, handler};

/// The cron trigger fires every 15 minutes; two missed runs are one too many.
const OVERDUE: Duration = Duration::from_secs(45 * 60);

/// A run that has not ended, and that nobody had a hand in for this long, has died.
const LONGEST_SILENCE: Duration = Duration::from_secs(15 * 60);

pub const ROUTE: Route = Route::get("/health", "getHealth", handler!(handle: Anyone));

#[derive(Serialize)]
struct Body {
    status: &'static str,
    checks: Checks,
}

/// `ok`, or a word that says what is wrong.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checks {
    configuration: Configuration,
    database: &'static str,
    migrations: &'static str,
    scheduled_run: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    status: &'static str,
    /// Names of settings and what is wrong with them, never their values.
    problems: Vec<String>,
}

async fn handle(call: Call<Anyone>) -> Result<Reply, ApiError> {
    let services = &call.services;
    let now = services.clock.now();
    let problems = services.config.problems.clone();
    let (database, migrations, scheduled_run) = match services.database() {
        Err(_) => ("missing", "unknown", "unknown"),
        Ok(database) => match database.vitals().await {
            Ok(mut vitals) => {
                // A run that was planned before the queue was taken away waits for nobody.
                if services.run_queue().is_none() {
                    vitals.waiting_since = None;
                }
                judge(&vitals, services.config.threedeye.is_some(), now)
            }
            // Either nothing answers or the tables are missing.
            Err(_) if database.ping().await.is_ok() => ("ok", "missing", "unknown"),
            Err(_) => ("unreachable", "unknown", "unknown"),
        },
    };
    let healthy = problems.is_empty()
        && [database, migrations].iter().all(|check| *check == "ok")
        && matches!(
            scheduled_run,
            "ok" | "none_yet" | "running" | "not_configured"
        );
    let (status, word) = if healthy {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "degraded")
    };
    let body = Body {
        status: word,
        checks: Checks {
            configuration: Configuration {
                status: if problems.is_empty() { "ok" } else { "invalid" },
                problems,
            },
            database,
            migrations,
            scheduled_run,
        },
    };
    Ok(Reply::json(status, &body).no_store())
}

fn judge(
    vitals: &Vitals,
    configured: bool,
    now: Timestamp,
) -> (&'static str, &'static str, &'static str) {
    let migrations = if vitals.migrations_current {
        "ok"
    } else {
        "outdated"
    };
    let is_silent = |since: Timestamp| now.since(since) > LONGEST_SILENCE;
    let scheduled_run = match vitals.last_scheduled {
        // Without 3dEye nothing is scheduled, which is a normal state.
        _ if !configured => "not_configured",
        // A fresh deployment: the first run is due within 15 minutes.
        None => "none_yet",
        Some(last) if now.since(last.started_at) > OVERDUE => "overdue",
        // Consumers stay away. Plans go on meanwhile, and do not tell.
        _ if vitals.waiting_since.is_some_and(is_silent) => "died",
        Some(last) => match last.status {
            RunStatus::Completed => "ok",
            RunStatus::EndedEarly => "failing",
            RunStatus::Running if is_silent(last.active_at) => "died",
            RunStatus::Running => "running",
        },
    };
    ("ok", migrations, scheduled_run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::store::ScheduledRun;

    const NOW: Timestamp = Timestamp::from_millis(10_000_000_000);

    fn ago(minutes: u64) -> Timestamp {
        NOW.minus(Duration::from_secs(minutes * 60))
    }

    /// A run by how many minutes ago it began and was last worked on.
    fn run(began: u64, active: u64, status: RunStatus) -> ScheduledRun {
        ScheduledRun {
            started_at: ago(began),
            active_at: ago(active),
            status,
        }
    }

    fn told(last: ScheduledRun, waiting_minutes: Option<u64>) -> &'static str {
        let vitals = Vitals {
            migrations_current: true,
            last_scheduled: Some(last),
            waiting_since: waiting_minutes.map(ago),
        };
        judge(&vitals, true, NOW).2
    }

    #[test]
    fn a_scheduled_run_must_be_recent_and_must_have_gone_well() {
        let word = |minutes: u64, status| told(run(minutes, minutes, status), None);
        assert_eq!(word(14, RunStatus::Completed), "ok");
        assert_eq!(word(44, RunStatus::Completed), "ok");
        assert_eq!(word(46, RunStatus::Completed), "overdue");
        assert_eq!(word(1, RunStatus::EndedEarly), "failing");
        assert_eq!(word(1, RunStatus::Running), "running");
        assert_eq!(word(16, RunStatus::Running), "died");
        let fresh = Vitals::default();
        assert_eq!(judge(&fresh, true, NOW), ("ok", "outdated", "none_yet"));
        assert_eq!(judge(&fresh, false, NOW).2, "not_configured");
    }

    #[test]
    fn consumers_may_take_long_but_must_not_stay_away() {
        let long = run(40, 2, RunStatus::Running);
        assert_eq!(told(long, Some(2)), "running");
        let nothing_to_do = run(1, 1, RunStatus::Completed);
        assert_eq!(told(nothing_to_do, Some(14)), "ok");
        assert_eq!(told(nothing_to_do, Some(16)), "died");
    }
}
