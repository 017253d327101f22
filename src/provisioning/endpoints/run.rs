//! `GET /admin/threedeye/backfill/runs/{runId}`: how far one run is.

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;

use crate::kernel::{Clock as _, Timestamp};
use crate::provisioning::policy::MAX_RUN_ERRORS;
use crate::provisioning::store::{self, Chunks, RunRow};
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/threedeye/backfill/runs/{runId}",
    "getBackfillRun",
    handler!(handle: Admin),
);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    run_id: String,
    trigger: String,
    mode: String,
    status: String,
    limit: u32,
    planned: u32,
    done: u32,
    failed: u32,
    skipped: u32,
    quarantined: u32,
    remaining: Option<u64>,
    chunks: ChunksPart,
    users_per_minute: Option<f64>,
    estimated_end: Option<Timestamp>,
    errors: Vec<String>,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct ChunksPart {
    planned: u32,
    closed: u32,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let id = call.path("runId")?;
    let now = call.services.clock.now();
    let database = call.services.database()?;
    let (row, chunks) = store::find_run(&database, id)
        .await?
        .ok_or_else(|| ApiError::not_found("Run not found"))?;
    Ok(Reply::json(StatusCode::OK, &body(row, chunks, now)).no_store())
}

fn body(row: RunRow, chunks: Chunks, now: Timestamp) -> Body {
    let (rate, estimated_end) = pace(&row, now);
    let mut errors = row.errors;
    errors.truncate(usize::try_from(MAX_RUN_ERRORS).unwrap_or(usize::MAX));
    Body {
        run_id: row.run_id,
        trigger: row.trigger,
        mode: row.mode,
        status: row.status,
        limit: row.limit,
        planned: row.total,
        done: row.created,
        failed: row.failed,
        skipped: row.skipped,
        quarantined: row.quarantined,
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
    let through = row.created + row.failed + row.skipped;
    let Some(seen_at) = row.finished_at.or(row.advanced_at) else {
        return (None, None);
    };
    let elapsed = seen_at.since(row.started_at);
    if through == 0 || elapsed.is_zero() {
        return (None, None);
    }
    let rate = f64::from(through) * 60.0 / elapsed.as_secs_f64();
    let rounded = (rate * 10.0).round() / 10.0;
    if row.finished_at.is_some() {
        return (Some(rounded), None);
    }
    let waiting = row.total.saturating_sub(through);
    let rest = elapsed.as_secs_f64() * f64::from(waiting) / f64::from(through);
    let end = Duration::try_from_secs_f64(rest).map(|rest| seen_at.plus(rest).max(now));
    (Some(rounded), end.ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(through: u32, advanced: Option<i64>, finished: Option<i64>) -> RunRow {
        let at = Timestamp::from_millis;
        RunRow {
            run_id: "run_x".to_owned(),
            trigger: "manual".to_owned(),
            mode: "queue".to_owned(),
            status: "running".to_owned(),
            limit: 500,
            total: 300,
            created: through,
            failed: 0,
            skipped: 0,
            quarantined: 0,
            remaining: None,
            errors: vec!["line".to_owned(); 150],
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
    fn no_more_than_a_hundred_errors_are_shown() {
        let none = Chunks {
            planned: 0,
            closed: 0,
        };
        let body = body(row(0, None, None), none, Timestamp::from_millis(1));
        assert_eq!(body.errors.len(), 100);
    }
}
