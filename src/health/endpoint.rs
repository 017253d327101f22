//! `GET /health`: whether the service can do its work. No secrets, no counts.

use std::time::Duration;

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::health::store::{EndedRun, SCHEMA_VERSION, Vitals, ping, read_vitals};
use crate::kernel::Timestamp;
use crate::metrics::store::RunStatus;
use crate::provisioning::policy::has_died;
use crate::services::{RateLimit, Services};
use crate::web::caller::Anyone;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

/// The cron trigger fires every 15 minutes; two missed runs are one too many.
const OVERDUE: Duration = Duration::from_secs(45 * 60);

pub const ROUTE: Route = Route::get("/health", "getHealth", handler!(handle: Anyone));

/// Whether the service can do its work. No secrets, no counts.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Health"))]
struct Body {
    /// ok goes with 200, degraded with 503.
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "degraded"])))]
    status: &'static str,
    /// The version of this build.
    version: &'static str,
    schema: Schema,
    /// The single checks.
    checks: Checks,
}

/// The version of the database's schema.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct Schema {
    /// The one that this build was made for.
    built: u32,
    /// The one that the database has; null where that could not be read.
    applied: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
pub struct Checks {
    /// The settings.
    configuration: Configuration,
    /// missing: no binding `DB`.
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "missing", "unreachable"])))]
    database: &'static str,
    /// outdated: the schema is not the one that this build was made for. missing: there is none.
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "outdated", "missing", "unknown"])))]
    migrations: &'static str,
    /// The last run of the cron trigger. ok, running, none_yet, paused and not_configured are healthy.
    /// paused: an administrator has paused all runs. none_yet: of a new deployment, or since a pause
    /// before which the last one did not complete.
    /// overdue: none began within 45 minutes. failing: the last one that ended did so early. died: the last one did not
    /// end within 15 minutes.
    #[cfg_attr(test, schemars(extend("enum" = [
        "ok", "running", "none_yet", "paused", "not_configured", "overdue", "failing", "died", "unknown",
    ])))]
    scheduled_run: &'static str,
    /// The bindings of rate limits that are missing. What they count is not limited, which is
    /// no reason to be degraded.
    #[cfg_attr(test, schemars(inner(length(min = 1))))]
    missing_rate_limits: Vec<&'static str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct Configuration {
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "invalid"])))]
    status: &'static str,
    /// Names of settings and what is wrong with them, never their values.
    #[cfg_attr(test, schemars(inner(length(min = 1))))]
    problems: Vec<String>,
}

async fn handle(call: Call<Anyone>) -> Result<Reply, ApiError> {
    let Checked { checks, schema } = check(&call.services).await;
    let healthy = checks.problems().is_empty();
    let (status, word) = if healthy {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "degraded")
    };
    let body = Body {
        status: word,
        version: env!("CARGO_PKG_VERSION"),
        schema: Schema {
            built: SCHEMA_VERSION,
            applied: schema,
        },
        checks,
    };
    Ok(Reply::json(status, &body).no_store())
}

/// What was found.
pub struct Checked {
    pub checks: Checks,
    /// The version of the database's schema, where it could be read.
    schema: Option<u32>,
}

/// Checks the service.
pub async fn check(services: &Services) -> Checked {
    let problems = services.config.problems.clone();
    let mut schema = None;
    let (database, migrations, scheduled_run) = match services.database() {
        Err(_) => ("missing", "unknown", "unknown"),
        Ok(database) => match read_vitals(&database).await {
            Ok(mut vitals) => {
                // Without a queue, a planned run cannot be waiting for a consumer.
                if services.run_queue().is_none() {
                    vitals.waiting_since = None;
                }
                schema = vitals.schema;
                let is_configured = services.config.threedeye.is_some();
                let scheduled_run = check_scheduled_run(&vitals, is_configured, services.now());
                ("ok", check_migrations(&vitals), scheduled_run)
            }
            // The tables are missing, or the database is.
            Err(_) if ping(&database).await.is_ok() => ("ok", "missing", "unknown"),
            Err(_) => ("unreachable", "unknown", "unknown"),
        },
    };
    let checks = Checks {
        configuration: Configuration {
            status: if problems.is_empty() { "ok" } else { "invalid" },
            problems,
        },
        database,
        migrations,
        scheduled_run,
        missing_rate_limits: services.missing_limits().map(RateLimit::binding).collect(),
    };
    Checked { checks, schema }
}

impl Checks {
    /// What is not healthy: each check with what it says.
    pub fn problems(&self) -> Vec<String> {
        let words = [
            ("database", self.database),
            ("migrations", self.migrations),
            ("scheduledRun", self.scheduled_run),
        ];
        let bad = words.into_iter().filter(|(name, word)| match *word {
            "ok" => false,
            "none_yet" | "running" | "paused" | "not_configured" => *name != "scheduledRun",
            _ => true,
        });
        let bad = bad.map(|(name, word)| format!("{name} is {word}"));
        self.configuration
            .problems
            .iter()
            .cloned()
            .chain(bad)
            .collect()
    }

    /// Whether an administrator has paused all runs.
    pub fn is_paused(&self) -> bool {
        self.scheduled_run == "paused"
    }
}

const fn check_migrations(vitals: &Vitals) -> &'static str {
    if matches!(vitals.schema, Some(SCHEMA_VERSION)) {
        "ok"
    } else {
        "outdated"
    }
}

fn check_scheduled_run(vitals: &Vitals, is_configured: bool, now: Timestamp) -> &'static str {
    // While runs were paused nothing could happen, and what had begun was ended.
    let resumed = vitals.pause.filter(|pause| !pause.paused);
    let resumed_at = resumed.map(|pause| pause.since).unwrap_or_default();
    let failed = |ended: Option<EndedRun>| {
        ended.is_some_and(|run| run.status == RunStatus::EndedEarly && run.started_at >= resumed_at)
    };
    let is_silent = |since: Timestamp| has_died(since.max(resumed_at), now);
    match vitals.last_scheduled {
        // Without 3dEye nothing is scheduled, which is a normal state.
        _ if !is_configured => "not_configured",
        _ if vitals.pause.is_some_and(|pause| pause.paused) => "paused",
        // A fresh deployment: the first run is due within 15 minutes.
        None => "none_yet",
        Some(last) if now.since(last.started_at.max(resumed_at)) > OVERDUE => "overdue",
        // The pause itself may have ended it.
        Some(last) if last.started_at < resumed_at && last.status != RunStatus::Completed => {
            "none_yet"
        }
        // The queue has no consumer; new runs are planned all the same.
        _ if vitals.waiting_since.is_some_and(is_silent) => "died",
        Some(last) => match last.status {
            RunStatus::Completed => "ok",
            RunStatus::EndedEarly => "failing",
            RunStatus::Running if is_silent(last.active_at) => "died",
            RunStatus::Running if failed(vitals.last_ended) => "failing",
            RunStatus::Running => "running",
        },
    }
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "service",
        "Whether the service can do its work",
        "For monitors and after a deployment.",
    )
    .answer(
        spec.json::<Body>(200, "All checks are healthy.")
            .no_store()
            .example("ok", example!({
                "status": "ok",
                "version": "1.0.0",
                "schema": { "built": 12, "applied": 12 },
                "checks": {
                    "configuration": { "status": "ok", "problems": [] },
                    "database": "ok",
                    "migrations": "ok",
                    "scheduledRun": "ok",
                    "missingRateLimits": []
                }
            })),
    )
    .answer(
        spec.json::<Body>(503, "At least one check is not healthy.")
            .no_store()
            .example("degraded", example!({
                "status": "degraded",
                "version": "1.0.0",
                "schema": { "built": 12, "applied": 12 },
                "checks": {
                    "configuration": { "status": "invalid", "problems": ["CREDENTIALS_KEY is missing"] },
                    "database": "ok",
                    "migrations": "ok",
                    "scheduledRun": "ok",
                    "missingRateLimits": []
                }
            })),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::store::PauseRow;
    use crate::metrics::store::ScheduledRun;

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

    fn word_for(last: ScheduledRun, waiting_minutes: Option<u64>) -> &'static str {
        let vitals = Vitals {
            schema: Some(SCHEMA_VERSION),
            last_scheduled: Some(last),
            waiting_since: waiting_minutes.map(ago),
            ..Vitals::default()
        };
        check_scheduled_run(&vitals, true, NOW)
    }

    #[test]
    fn a_scheduled_run_must_be_recent_and_must_have_gone_well() {
        let word = |minutes: u64, status| word_for(run(minutes, minutes, status), None);
        assert_eq!(word(14, RunStatus::Completed), "ok");
        assert_eq!(word(44, RunStatus::Completed), "ok");
        assert_eq!(word(46, RunStatus::Completed), "overdue");
        assert_eq!(word(1, RunStatus::EndedEarly), "failing");
        assert_eq!(word(1, RunStatus::Running), "running");
        assert_eq!(word(16, RunStatus::Running), "died");
        let fresh = Vitals::default();
        assert_eq!(check_migrations(&fresh), "outdated");
        assert_eq!(check_scheduled_run(&fresh, true, NOW), "none_yet");
        assert_eq!(check_scheduled_run(&fresh, false, NOW), "not_configured");
    }

    #[test]
    fn a_run_at_work_does_not_hide_that_the_one_before_failed() {
        let word = |status, paused_since: Option<u64>| {
            let vitals = Vitals {
                last_scheduled: Some(run(1, 1, RunStatus::Running)),
                last_ended: Some(EndedRun {
                    started_at: ago(16),
                    status,
                }),
                pause: paused_since.map(|minutes| PauseRow {
                    paused: false,
                    since: ago(minutes),
                }),
                ..Vitals::default()
            };
            check_scheduled_run(&vitals, true, NOW)
        };
        assert_eq!(word(RunStatus::EndedEarly, None), "failing");
        assert_eq!(word(RunStatus::Completed, None), "running");
        // A pause may have ended it.
        assert_eq!(word(RunStatus::EndedEarly, Some(2)), "running");
    }

    #[test]
    fn runs_that_were_paused_are_not_missed() {
        let word_of = |status, began: u64, paused, minutes: u64| {
            let vitals = Vitals {
                last_scheduled: Some(run(began, began, status)),
                waiting_since: Some(ago(began)),
                pause: Some(PauseRow {
                    paused,
                    since: ago(minutes),
                }),
                ..Vitals::default()
            };
            check_scheduled_run(&vitals, true, NOW)
        };
        let word = |began, paused, minutes| word_of(RunStatus::EndedEarly, began, paused, minutes);
        assert_eq!(word(1000, true, 999), "paused");
        assert_eq!(word(1000, false, 44), "none_yet");
        assert_eq!(word(1000, false, 46), "overdue");
        // One that had completed before the pause was not ended by it.
        let completed = |minutes| word_of(RunStatus::Completed, 1000, false, minutes);
        assert_eq!(completed(14), "ok");
        assert_eq!(completed(46), "overdue");
        // A run after the pause tells as ever.
        assert_eq!(word(2, false, 3), "failing");
        assert_eq!(word(16, false, 17), "died");
    }

    #[test]
    fn consumers_may_take_long_but_must_not_stay_away() {
        let long = run(40, 2, RunStatus::Running);
        assert_eq!(word_for(long, Some(2)), "running");
        let nothing_to_do = run(1, 1, RunStatus::Completed);
        assert_eq!(word_for(nothing_to_do, Some(14)), "ok");
        assert_eq!(word_for(nothing_to_do, Some(16)), "died");
    }
}
