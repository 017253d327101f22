//! `POST /admin/backfill-threedeye`: makes the accounts that are missing.

use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
#[cfg(test)]
use serde_json::json;

use crate::auth::SignIn;
#[cfg(test)]
use crate::kernel::UserId;
use crate::operators::Role;
use crate::provisioning::Provisioner;
#[cfg(test)]
use crate::provisioning::backfill::NotRun;
use crate::provisioning::backfill::RunOrder;
#[cfg(test)]
use crate::provisioning::endpoints::{RunId, error_answers};
use crate::provisioning::fanout::RunQueue;
use crate::provisioning::store::{Tally, Trigger};
use crate::threedeye::UpstreamError;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Parameter, Spec, example};
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
    handler!(handle: Admin, (Role::Support, SignIn::AnyTime)),
);

/// What one run did, or what it would take up.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "BackfillResult"))]
struct Body {
    /// Whether the run went to its end. Users that failed do not make it false.
    success: bool,
    /// Users taken up: created, failed and skipped together.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    total: u32,
    /// Users that now have their account, adopted and replaced ones included.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    created: u32,
    /// Users that could not be provisioned; they are due again later.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    failed: u32,
    /// One line a failed user (`<uuid>: <reason>`, no e-mail), and one for an early end or a limit
    /// reached.
    #[cfg_attr(test, schemars(inner(length(min = 1))))]
    errors: Vec<String>,
    /// Users left as they were: held by another actor, beyond the take-over limit, or not reached.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    skipped: u32,
    /// Those of `failed` whose e-mail is taken outside our customer.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    quarantined: u32,
    /// Users that still wait, those not yet due included.
    remaining: u64,
    /// Accounts of deleted users that the run removed, once `OFFBOARD_AFTER_HOURS` had passed.
    removed: u32,
    /// The run's row in the ledger. Null in a dry run.
    #[cfg_attr(test, schemars(with = "Option<RunId>"))]
    run_id: Option<String>,
    /// Whether nothing was changed.
    dry_run: bool,
    /// The users a dry run would take up, in order; empty otherwise.
    #[cfg_attr(test, schemars(with = "Vec<UserId>", extend("maxItems" = 10_000)))]
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
    let remote = remote.as_ref().ok_or(UpstreamError::NotConfigured)?;
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
        return Ok(reply(true, tally, plan.remaining, 0, None, planned));
    }
    let order = RunOrder {
        trigger: Trigger::Manual,
        limit,
        max_replacements: call.services.config.backfill_max_takeovers,
        removals: call.services.removals(),
    };
    if let Some(queue) = queue {
        return fan_out(provisioning.with(remote), order, &*queue).await;
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
        finished.removed,
        Some(finished.run_id),
        Vec::new(),
    ))
}

/// Leaves the run to the queue, and tells where it can be watched.
async fn fan_out(
    provisioning: Provisioner<'_>,
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
    tally.errors.extend(planned.removals.errors);
    let location = format!("/admin/threedeye/backfill/runs/{}", planned.run_id);
    let location = HeaderValue::try_from(location)
        .map_err(|_| ApiError::internal("a run id that is no header value"))?;
    let mut reply = reply(
        planned.unsent == 0 && !planned.removals.stopped,
        tally,
        planned.remaining,
        planned.removals.removed,
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
    removed: u32,
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
        removed,
        dry_run: run_id.is_none(),
        run_id,
        planned,
    };
    Reply::json(StatusCode::OK, &body)
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "3dEye support",
        "Makes the accounts that are missing",
        "Takes up the users that are due, longest waiting first. Users without an e-mail, or with \
         one of more than 320 bytes, are never taken up. A user that fails is tried again after a \
         growing wait, and no other user waits for it. Five upstream failures in a row, or a rate limit, end \
         the run early. Afterwards it removes the accounts of users that were deleted more than \
         `OFFBOARD_AFTER_HOURS` ago, `BACKFILL_MAX_REMOVALS` at most. With `mode=queue`, and where the deployment has a queue, the users are only \
         planned, and the answer is 202: consumers provision them in chunks afterwards, and \
         `getBackfillRun` tells how far they are. Without a queue it is as `inline`.",
    )
    .parameter(Parameter::count(
        "limit",
        "Users to take up at most: 500, or 10,000 where they are left to the queue. Decimal \
             digits only, no sign, no leading zero.",
        DEFAULT_LIMIT,
        MAX_QUEUE_LIMIT,
    ))
    .parameter(Parameter::query("dryRun", "List the users and change nothing.", json!({"type": "boolean", "default": false})))
    .parameter(Parameter::query("mode", "Whether to provision the users before the answer, or to leave them to the queue.", json!({"type": "string", "enum": ["inline", "queue"], "default": "inline"})))
    .answer(
        spec.json::<Body>(200, "What the run did, or in a dry run what it would take up.")
.link("getBackfillRun", [("runId", "$response.body#/runId")])
            .example("run", example!({
                "success": true,
                "total": 3,
                "created": 2,
                "failed": 1,
                "errors": [
                    "00000000-0000-4000-8000-000000000002: the e-mail belongs to an account outside our customer"
                ],
                "skipped": 0,
                "quarantined": 1,
                "remaining": 0,
                "removed": 0,
                "runId": "run_01JZX0000000000000000000EX",
                "dryRun": false,
                "planned": []
            }))
            .example("dryRun", example!({
                "success": true,
                "total": 1,
                "created": 0,
                "failed": 0,
                "errors": [],
                "skipped": 0,
                "quarantined": 0,
                "remaining": 1,
                "removed": 0,
                "runId": null,
                "dryRun": true,
                "planned": ["00000000-0000-4000-8000-000000000001"]
            })),
    )
    .answer(
        spec.json::<Body>(202, "The run is planned and left to the queue. `total` users are in it, and none of them is \
             through yet. `success` is false where the queue did not take all of it; what it did \
             not take is due again at once.")
.link("getBackfillRun", [("runId", "$response.body#/runId")])
            .header("Location", "RunLocation")
            .example("planned", example!({
                "success": true,
                "total": 4000,
                "created": 0,
                "failed": 0,
                "errors": [],
                "skipped": 0,
                "quarantined": 0,
                "remaining": 4120,
                "removed": 0,
                "runId": "run_01JZX0000000000000000000EX",
                "dryRun": false,
                "planned": []
            })),
    )
    .error(ErrorAnswer::new(
        "RunsPaused",
        "Runs are paused. A dry run is answered all the same.",
        [("paused", NotRun::Paused.into())],
    ))
    .error(error_answers::upstream())
    .error(error_answers::not_configured())
}
