//! `GET /admin/threedeye/backfill/runs/{runId}`: how far one run is.

use std::time::Duration;

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::db::Database;
use crate::kernel::Timestamp;
use crate::operators::Role;
use crate::provisioning::endpoints::runs::RunHead;
use crate::provisioning::policy::MAX_RUN_ERRORS;
use crate::provisioning::store::{self, Chunks, RunRow};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Parameter, Spec, any_text, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/threedeye/backfill/runs/{runId}",
    "getBackfillRun",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// How far a run is. While it is at work, planned = done + failed + skipped + those who still wait
/// for it. The figures of a run in one process come with its end.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "BackfillProgress"))]
pub struct Body {
    #[serde(flatten)]
    head: RunHead,
    /// Users in the run.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    planned: u32,
    /// Those of them that have their account; of a list, whom it was done to.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    done: u32,
    /// Those that could not be provisioned, and wait for their next attempt or for support; of a list, also those who
    /// were refused.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    failed: u32,
    /// Those left as they were: gone or changed meanwhile, beyond the take-over limit, or in a
    /// chunk that was given up.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    skipped: u32,
    /// Those of `failed` that went into quarantine.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    quarantined: u32,
    /// Users that still waited when it ended.
    remaining: Option<u64>,
    /// The chunks of a planned run and of a list; another run in one process has none.
    chunks: ChunksPart,
    /// Users the run got through a minute, up to the last delivery. Null until that is known.
    #[cfg_attr(test, schemars(range(min = 0)))]
    users_per_minute: Option<f64>,
    /// When the rest will be through at that rate. Null once the run has ended, and until the rate
    /// is known.
    estimated_end: Option<Timestamp>,
    /// One line a failed user or given-up chunk, a hundred at most. `listRunUsers` has all of a list.
    #[cfg_attr(test, schemars(length(max = MAX_RUN_ERRORS), inner(length(min = 1))))]
    errors: Vec<String>,
    started_at: Timestamp,
    /// When it ended. Null: at work, or it died.
    finished_at: Option<Timestamp>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct ChunksPart {
    /// All of them.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    planned: u32,
    /// Those that wait for no delivery any more.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    closed: u32,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let id = call.path("runId")?;
    let database = call.services.database()?;
    let body = read(&database, id, call.now()).await?;
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

/// The run as it stands.
pub async fn read(database: &Database, id: &str, now: Timestamp) -> Result<Body, ApiError> {
    let found = store::find_run(database, id).await?;
    let (row, chunks) = found.ok_or_else(not_found)?;
    Ok(body(row, chunks, now))
}

pub fn not_found() -> ApiError {
    ApiError::not_found("Run not found")
}

fn body(row: RunRow, chunks: Chunks, now: Timestamp) -> Body {
    let (rate, estimated_end) = pace(&row, now);
    let head = RunHead::of(&row, now);
    let tally = row.tally;
    let mut errors = tally.errors;
    errors.truncate(usize::try_from(MAX_RUN_ERRORS).unwrap_or(usize::MAX));
    Body {
        head,
        planned: tally.total,
        done: tally.created,
        failed: tally.failed,
        skipped: tally.skipped,
        quarantined: tally.quarantined,
        remaining: row.remaining,
        chunks: ChunksPart {
            planned: chunks.planned,
            closed: chunks.closed,
        },
        users_per_minute: rate,
        estimated_end,
        errors,
        started_at: row.started_at,
        finished_at: row.finished_at,
    }
}

/// Users a minute, to one decimal, and when the rest will be through at that
/// rate. Both are measured up to the last delivery: what is under way does not
/// tell yet.
fn pace(row: &RunRow, now: Timestamp) -> (Option<f64>, Option<Timestamp>) {
    let tally = &row.tally;
    // Those skipped took no time.
    let done = tally.created + tally.failed;
    let Some(seen_at) = row.finished_at.or(row.advanced_at) else {
        return (None, None);
    };
    let elapsed = seen_at.since(row.started_at);
    if done == 0 || elapsed.is_zero() {
        return (None, None);
    }
    let rate = f64::from(done) * 60.0 / elapsed.as_secs_f64();
    let rounded = (rate * 10.0).round() / 10.0;
    if row.finished_at.is_some() {
        return (Some(rounded), None);
    }
    let waiting = tally
        .total
        .saturating_sub(done)
        .saturating_sub(tally.skipped);
    let rest = elapsed.as_secs_f64() * f64::from(waiting) / f64::from(done);
    let end = Duration::try_from_secs_f64(rest).map(|rest| seen_at.plus(rest).max(now));
    (Some(rounded), end.ok())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "3dEye support",
        "How far one run is",
        "What was planned, what is done and what failed, at what rate, and when the rest will be \
         through. One read of the database, so it may be asked again and again.",
    )
    .parameter(openapi_run_id())
    .answer(
        spec.json::<Body>(200, "The run as it stands.")
            .no_store()
            .example("running", example!({
                "runId": "run_01JZX0000000000000000000EX",
                "trigger": "manual",
                "mode": "queue",
                "action": "backfill",
                "status": "running",
                "died": false,
                "limit": 10000,
                "planned": 4000,
                "done": 998,
                "failed": 2,
                "skipped": 0,
                "quarantined": 2,
                "remaining": null,
                "chunks": { "planned": 80, "closed": 20 },
                "usersPerMinute": 1200,
                "estimatedEnd": "2026-11-21T10:33:20.000Z",
                "errors": [
                    "00000000-0000-4000-8000-000000000002: the e-mail belongs to an account outside our customer",
                    "00000000-0000-4000-8000-000000000003: the e-mail belongs to an account outside our customer"
                ],
                "startedAt": "2026-11-21T10:30:00.000Z",
                "finishedAt": null
            })),
    )
    .error(openapi_not_found())
}

#[cfg(test)]
pub fn openapi_run_id() -> Parameter {
    let example = any_text("run_01JZX0000000000000000000EX");
    Parameter::path("RunId", "runId", "The id of a run.", example)
}

#[cfg(test)]
pub fn openapi_not_found() -> ErrorAnswer {
    ErrorAnswer::new("RunNotFound", "No such run.", [("unknown", not_found())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::store::Tally;

    fn row(through: u32, advanced: Option<i64>, finished: Option<i64>) -> RunRow {
        let at = Timestamp::from_millis;
        RunRow {
            run_id: "run_x".to_owned(),
            trigger_kind: "manual".to_owned(),
            mode: "queue".to_owned(),
            action: "backfill".to_owned(),
            status: "running".to_owned(),
            batch_limit: 500,
            tally: Tally {
                total: 300,
                created: through,
                errors: vec!["line".to_owned(); 150],
                ..Tally::default()
            },
            remaining: None,
            started_at: at(0),
            advanced_at: advanced.map(at),
            finished_at: finished.map(at),
        }
    }

    #[test]
    fn the_pace_is_that_of_the_last_delivery() {
        let at = Timestamp::from_millis;
        let pace = |row: &RunRow, now| pace(row, at(now));
        // 100 of 300 in 30 s: 200 a minute, 60 s to go.
        let half = row(100, Some(30_000), None);
        assert_eq!(pace(&half, 31_000), (Some(200.0), Some(at(90_000))));
        assert_eq!(pace(&half, 95_000), (Some(200.0), Some(at(95_000))));
        assert_eq!(pace(&row(0, Some(30_000), None), 31_000), (None, None));
        assert_eq!(pace(&row(100, Some(0), None), 31_000), (None, None));
        assert_eq!(pace(&row(100, None, None), 31_000), (None, None));
        let ended = row(300, Some(95_000), Some(95_000));
        assert_eq!(pace(&ended, 99_000), (Some(189.5), None));
    }

    #[test]
    fn a_run_without_an_end_has_died_when_it_is_silent() {
        const QUARTER: i64 = 15 * 60 * 1000;
        let at = Timestamp::from_millis;
        assert!(!row(0, None, None).has_died(at(QUARTER)));
        assert!(row(0, None, None).has_died(at(QUARTER + 1)));
        assert!(!row(0, Some(1), None).has_died(at(QUARTER + 1)));
        assert!(!row(0, None, Some(1)).has_died(at(QUARTER + 1)));
    }

    #[test]
    fn a_list_that_waits_in_the_queue_has_not_died() {
        const HOURS: Timestamp = Timestamp::from_millis(20 * 60 * 60 * 1000);
        let at = Timestamp::from_millis;
        let list = |mode: &str| RunRow {
            mode: mode.to_owned(),
            action: "reset".to_owned(),
            ..row(0, Some(1), None)
        };
        assert!(!list("queue").has_died(HOURS));
        assert!(list("queue").has_died(at(25 * 60 * 60 * 1000)));
        assert!(list("inline").has_died(HOURS));
    }

    #[test]
    fn no_more_than_a_hundred_errors_are_shown() {
        let none = Chunks {
            planned: 0,
            closed: 0,
        };
        let body = body(row(0, None, None), none, Timestamp::from_millis(1));
        assert_eq!(body.errors.len(), 100);
    }
}
