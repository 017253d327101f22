//! `POST /admin/threedeye/backfill/runs/{runId}/stop`: ends a run before its end. Safe to repeat.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::provisioning::endpoints::run;
use crate::provisioning::store;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, fields, handler};

pub const ROUTE: Route = Route::post(
    "/admin/threedeye/backfill/runs/{runId}/stop",
    "stopBackfillRun",
    handler!(handle: Admin, (Role::Support, SignIn::AnyTime)),
);

/// Why it is stopped.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "StopRun"))]
struct Request {
    /// For the audit trail and the ledger; e-mails and phone numbers in it are masked.
    #[cfg_attr(test, schemars(length(min = 1), regex(pattern = fields::words_pattern(fields::MAX_REASON_CHARS))))]
    reason: String,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let request: Request = call.body()?;
    let reason = fields::reason(&request.reason)?;
    let id = call.path("runId")?;
    let database = call.services.database()?;
    let mut entry = call.entry(Action::StopRun, id, "stopped");
    let why = format!("stopped: {reason}");
    entry.origin.reason = Some(reason);
    if !store::stop_run(&database, id, &why, entry.at, &entry).await? {
        return Err(run::not_found());
    }
    let body = run::read(&database, id, call.now()).await?;
    Ok(Reply::json(StatusCode::ACCEPTED, &body).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "3dEye support",
        "Stops a run",
        "Its chunks that are not done are given up, and their users are due for the next run; those of a list are \
         left as they were. What works on it begins no further user after 5 seconds at most, and finishes those it is at. A run in one process \
         adds its figures when it ends. A run that has ended stays as it is. Safe to repeat.",
    )
    .parameter(run::openapi_run_id())
    .body(spec.body::<Request>().example("wrong", example!({ "reason": "3dEye is being maintained" })))
    .answer(
        spec.json::<run::Body>(202, "The run as it stands.")
            .link("getBackfillRun", [("runId", "$request.path.runId")])
            .no_store()
            .example("stopped", example!({
                "runId": "run_01JZX0000000000000000000EX",
                "trigger": "manual",
                "mode": "queue",
                "action": "backfill",
                "status": "ended_early",
                "died": false,
                "limit": 10000,
                "planned": 4000,
                "done": 998,
                "failed": 2,
                "skipped": 3000,
                "quarantined": 2,
                "remaining": 3120,
                "chunks": { "planned": 80, "closed": 80 },
                "usersPerMinute": 1200,
                "estimatedEnd": null,
                "errors": ["chunk 21: stopped: 3dEye is being maintained"],
                "startedAt": "2026-11-21T10:30:00.000Z",
                "finishedAt": "2026-11-21T10:31:00.000Z"
            })),
    )
    .error(run::openapi_not_found())
}
