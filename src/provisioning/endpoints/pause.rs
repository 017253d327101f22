//! `PUT /admin/threedeye/pause`: pauses all runs, or lets them go on. Safe to repeat.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::SignIn;
use crate::kernel::Timestamp;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::provisioning::store;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, fields, handler};

pub const ROUTE: Route = Route::put(
    "/admin/threedeye/pause",
    "pauseProvisioning",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

/// Whether runs are to be paused, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "PauseRequest"))]
struct Request {
    paused: bool,
    /// For the audit trail and for those who find runs paused; e-mails and phone numbers in it are masked.
    #[cfg_attr(test, schemars(length(min = 1), regex(pattern = fields::words_pattern(fields::MAX_REASON_CHARS))))]
    reason: String,
}

/// Whether runs are paused, and who decided that.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Pause"))]
struct Body {
    paused: bool,
    /// When that was decided. Null, as are the next two: runs were never paused.
    since: Option<Timestamp>,
    by: Option<String>,
    reason: Option<String>,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let request: Request = call.body()?;
    let reason = fields::reason(&request.reason)?;
    let outcome = if request.paused { "paused" } else { "resumed" };
    let mut entry = call.entry(Action::PauseRuns, "provisioning", outcome);
    entry.origin.reason = Some(reason.clone());
    let database = call.services.database()?;
    let pause = store::set_pause(&database, request.paused, &reason, &entry).await?;
    let body = match pause {
        Some(pause) => Body {
            paused: pause.paused,
            since: Some(pause.since),
            by: Some(pause.actor),
            reason: Some(pause.reason),
        },
        None => Body {
            paused: false,
            since: None,
            by: None,
            reason: None,
        },
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "3dEye support",
        "Pauses all runs, or lets them go on",
        "While they are paused no run begins, scheduled or manual (409), the removal of deleted users' accounts \
         included. What is at work begins no further user after 5 seconds at most; planned runs are given up, \
         and their users wait for the next run, but for those of a list, which tells whom it left. What is asked for one user goes on: credentials, \
         `provisionUser`, `resetUser`, `deleteUser`. So do notices. `/health` says `paused` and stays healthy. \
         What is so already stays as it was decided. Safe to repeat.",
    )
    .body(
        spec.body::<Request>()
            .example("pause", example!({ "paused": true, "reason": "3dEye is being maintained" }))
            .example("goOn", example!({ "paused": false, "reason": "3dEye is back" })),
    )
    .answer(
        spec.json::<Body>(200, "What holds now.")
            .no_store()
            .example("paused", example!({
                "paused": true,
                "since": "2026-11-21T10:30:00.000Z",
                "by": "operator:op_01JZX0000000000000000000EX j***@smartphonekey.com",
                "reason": "3dEye is being maintained"
            }))
            .example("never", example!({ "paused": false, "since": null, "by": null, "reason": null })),
    )
}
