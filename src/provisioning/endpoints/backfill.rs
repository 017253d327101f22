//! `POST /admin/backfill-threedeye`: makes the accounts that are missing.

use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::provisioning::Context;
use crate::provisioning::backfill::RunOrder;
use crate::provisioning::fanout::RunQueue;
use crate::provisioning::store::{Tally, Trigger};
use crate::threedeye::UpstreamError;
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

/// Users taken up when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 50;
/// Users taken up at most in one process.
pub const MAX_LIMIT: u32 = 500;
/// Users planned at most for the queue.
const MAX_QUEUE_LIMIT: u32 = 10_000;

/// Where the users are provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Before the answer.
    Inline,
    /// By queue consumers, after the answer. Without a queue it is as `Inline`.
    Queue,
}

pub const ROUTE: Route = Route::post(
    "/admin/backfill-threedeye",
    "backfill",
    handler!(handle: Admin),
);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    success: bool,
    total: u32,
    created: u32,
    failed: u32,
    errors: Vec<String>,
    skipped: u32,
    quarantined: u32,
    remaining: u64,
    /// Null in a dry run, which leaves no trace.
    run_id: Option<String>,
    dry_run: bool,
    /// The users that a dry run would take up; empty otherwise.
    planned: Vec<String>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["limit", "dryRun", "mode"])?;
    let words = [("inline", Mode::Inline), ("queue", Mode::Queue)];
    let queue = match query.choice("mode", Mode::Inline, &words)? {
        Mode::Inline => None,
        Mode::Queue => call.services.run_queue(),
    };
    let max_limit = if queue.is_some() {
        MAX_QUEUE_LIMIT
    } else {
        MAX_LIMIT
    };
    let limit = query.count("limit", DEFAULT_LIMIT, max_limit)?;
    let dry_run = query.flag("dryRun")?;
    let remote = call.services.remote();
    let remote = remote.as_ref().ok_or_else(ApiError::not_configured)?;
    let database = call.services.database()?;
    let origin = call.origin(call.caller.actor());
    let provisioning = call.services.provisioning(&database, &origin)?;
    if dry_run {
        let plan = provisioning.plan(limit).await?;
        let planned: Vec<String> = plan.users.iter().map(ToString::to_string).collect();
        let tally = Tally {
            total: u32::try_from(planned.len()).unwrap_or(u32::MAX),
            ..Tally::default()
        };
        return Ok(reply(true, tally, plan.remaining, None, planned));
    }
    let order = RunOrder {
        trigger: Trigger::Manual,
        limit,
        max_replacements: call.services.config.backfill_max_takeovers,
    };
    if let Some(queue) = queue {
        return fan_out(&provisioning, order, &*queue).await;
    }
    let finished = provisioning.with(remote).backfill(order).await?;
    match finished.scan_error {
        // A rate limit ends a run early, wherever it strikes; `errors` says so.
        None | Some(UpstreamError::RateLimited { .. }) => {}
        // No user could be looked at: that is the upstream's failure, not a result.
        Some(error) => return Err(error.into()),
    }
    Ok(reply(
        finished.success,
        finished.tally,
        finished.remaining,
        Some(finished.run_id),
        Vec::new(),
    ))
}

/// Leaves the run to the queue, and tells where it can be watched.
async fn fan_out(
    provisioning: &Context<'_>,
    order: RunOrder,
    queue: &dyn RunQueue,
) -> Result<Reply, ApiError> {
    let planned = provisioning.fan_out(order, queue).await?;
    let mut tally = Tally {
        total: planned.users,
        ..Tally::default()
    };
    if let Some(cause) = planned.cause {
        if planned.unsent == planned.chunks {
            return Err(ApiError::internal(cause));
        }
        tally.errors.push(format!(
            "{} of {} chunk(s) could not be enqueued; their users wait for the next run",
            planned.unsent, planned.chunks
        ));
    }
    let location = format!("/admin/threedeye/backfill/runs/{}", planned.run_id);
    let location = HeaderValue::try_from(location)
        .map_err(|_| ApiError::internal("a run id that is no header value"))?;
    let mut reply = reply(
        planned.unsent == 0,
        tally,
        planned.remaining,
        Some(planned.run_id),
        Vec::new(),
    );
    reply.status = StatusCode::ACCEPTED;
    Ok(reply.header(LOCATION, location))
}

fn reply(
    success: bool,
    tally: Tally,
    remaining: u64,
    run_id: Option<String>,
    planned: Vec<String>,
) -> Reply {
    let body = Body {
        success,
        total: tally.total,
        created: tally.created,
        failed: tally.failed,
        errors: tally.errors,
        skipped: tally.skipped,
        quarantined: tally.quarantined,
        remaining,
        dry_run: run_id.is_none(),
        run_id,
        planned,
    };
    Reply::json(StatusCode::OK, &body)
}
