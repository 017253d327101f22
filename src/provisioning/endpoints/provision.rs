//! `POST /admin/threedeye/users/{userId}/provision`: provisions a user now, and tells how far it went. Safe to
//! repeat.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::count_reading_the_list;
use crate::auth::SignIn;
#[cfg(test)]
use crate::kernel::UserId;
use crate::operators::Role;
#[cfg(test)]
use crate::provisioning::ProvisioningError;
use crate::provisioning::Reason;
#[cfg(test)]
use crate::provisioning::endpoints::error_answers;
use crate::provisioning::step_by_step::{Step, Walk};
#[cfg(test)]
use crate::threedeye::RemoteId;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/threedeye/users/{userId}/provision",
    "provisionUser",
    handler!(handle: Admin, (Role::Support, SignIn::AnyTime)),
);

/// How far the user's provisioning went.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ProvisionResult"))]
struct Body<'a> {
    #[cfg_attr(test, schemars(with = "UserId"))]
    user_id: &'a str,
    /// Where it stands afterwards; null: nothing is recorded.
    #[cfg_attr(test, schemars(extend("enum" = ["pending", "attaching", "complete", "quarantined", "set_aside", "leaving", "left_in_place", null])))]
    state: Option<&'static str>,
    /// The account's id, once known.
    #[cfg_attr(test, schemars(with = "Option<RemoteId>"))]
    threedeye_user_id: Option<String>,
    /// Why it did not go to the end; null: it did.
    reason: Option<Reason>,
    /// The four steps, in order.
    #[cfg_attr(test, schemars(length(equal = 4)))]
    steps: Vec<StepPart>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct StepPart {
    /// user: there is one who may be provisioned. list: the customer's list was read. account: there is one
    /// that the stored password opens. roles: it holds all camera roles.
    #[cfg_attr(test, schemars(extend("enum" = ["user", "list", "account", "roles"])))]
    name: &'static str,
    /// skipped: there was nothing to do, or a step before failed.
    #[cfg_attr(test, schemars(extend("enum" = ["done", "failed", "skipped"])))]
    outcome: &'static str,
    /// What was done, or why not.
    detail: Option<String>,
}

impl From<Step> for StepPart {
    fn from(step: Step) -> Self {
        Self {
            name: step.name.as_str(),
            outcome: step.outcome.as_str(),
            detail: step.detail,
        }
    }
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    count_reading_the_list(&call).await?;
    let database = call.services.database()?;
    let remote = call.services.remote();
    let origin = call.origin(call.caller.actor());
    let Walk {
        record,
        failure,
        steps,
    } = call
        .services
        .provisioning(&database, &origin)?
        .provision_now(remote.as_ref(), &user)
        .await?;
    let mapping = record.mapping.filter(|row| row.is_recorded());
    let body = Body {
        user_id: user.as_str(),
        state: mapping.as_ref().map(|row| row.state.as_str()),
        threedeye_user_id: mapping.and_then(|row| row.threedeye_id).map(|id| id.0),
        reason: failure.map(|failure| failure.reason()),
        steps: steps.into_iter().map(Into::into).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "3dEye support",
        "Provisions a user now",
        "Whenever it is due, as the next run would, and tells the steps. Lifts no quarantine. An account \
         that existed before is taken over: the administrator answers for it. That it could not be done is \
         part of the answer, never its status. Safe to repeat.",
    )
    .parameter(spec.user_id())
    .answer(
        spec.json::<Body>(200, "How far it went.")
            .link("diagnoseUser", [("userId", "$request.path.userId")])
            .no_store()
            .example("created", example!({
                "userId": "00000000-0000-4000-8000-000000000001",
                "state": "complete",
                "threedeyeUserId": "11111111-1111-4111-8111-111111111111",
                "reason": null,
                "steps": [
                    { "name": "user", "outcome": "done", "detail": null },
                    { "name": "list", "outcome": "done", "detail": null },
                    { "name": "account", "outcome": "done", "detail": "created" },
                    { "name": "roles", "outcome": "done", "detail": null }
                ]
            }))
            .example("orphan", example!({
                "userId": "00000000-0000-4000-8000-000000000002",
                "state": "quarantined",
                "threedeyeUserId": null,
                "reason": "orphan",
                "steps": [
                    { "name": "user", "outcome": "failed", "detail": "the e-mail belongs to an account outside our customer" },
                    { "name": "list", "outcome": "skipped", "detail": null },
                    { "name": "account", "outcome": "skipped", "detail": null },
                    { "name": "roles", "outcome": "skipped", "detail": null }
                ]
            })),
    )
    .error(ErrorAnswer::new(
        "UserNotFound",
        "No such user, or one without an e-mail.",
        [
            ("unknown", ProvisioningError::NoUser.into()),
            ("noEmail", ProvisioningError::NoEmail.into()),
        ],
    ))
    .error(ErrorAnswer::new(
        "BusyProvisioning",
        "Another actor is provisioning this user right now.",
        [("busy", ProvisioningError::Busy { retry_after_s: 1 }.into())],
    ))
    .error(error_answers::not_configured())
}
