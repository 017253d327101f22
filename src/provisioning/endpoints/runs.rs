//! `GET /admin/threedeye/backfill/runs`: the ledger of runs, newest first.

use http::StatusCode;
use serde::Serialize;

use crate::kernel::Timestamp;
use crate::provisioning::store::{self, RunRow};
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

/// Runs listed when the caller does not say.
const DEFAULT_LIMIT: u32 = 20;
/// Runs listed at most.
const MAX_LIMIT: u32 = 200;

pub const ROUTE: Route = Route::get(
    "/admin/threedeye/backfill/runs",
    "listBackfillRuns",
    handler!(handle: Admin),
);

#[derive(Serialize)]
struct Body {
    runs: Vec<RunPart>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunPart {
    run_id: String,
    trigger: String,
    mode: String,
    status: String,
    limit: u32,
    total: u32,
    created: u32,
    failed: u32,
    skipped: u32,
    quarantined: u32,
    remaining: Option<u64>,
    errors: Vec<String>,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl From<RunRow> for RunPart {
    fn from(row: RunRow) -> Self {
        Self {
            run_id: row.run_id,
            trigger: row.trigger,
            mode: row.mode,
            status: row.status,
            limit: row.limit,
            total: row.total,
            created: row.created,
            failed: row.failed,
            skipped: row.skipped,
            quarantined: row.quarantined,
            remaining: row.remaining,
            errors: row.errors,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let limit = call
        .query(&["limit"])?
        .count("limit", DEFAULT_LIMIT, MAX_LIMIT)?;
    let rows = store::list_runs(&call.services.database()?, limit).await?;
    let body = Body {
        runs: rows.into_iter().map(Into::into).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}
