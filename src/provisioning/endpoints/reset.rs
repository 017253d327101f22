//! `POST /admin/threedeye/users/{userId}/reset`: puts a stuck user right.
//!
//! Safe to repeat. The order (probe, delete remotely, clear the rows, provision)
//! and its guards are those of `provisioning::reset`.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
#[cfg(test)]
use serde_json::json;

use super::count_reading_the_list;
use crate::auth::SignIn;
use crate::kernel::UserId;
use crate::operators::Role;
#[cfg(test)]
use crate::provisioning::Failure;
use crate::provisioning::ProvisioningError;
#[cfg(test)]
use crate::provisioning::endpoints::error_answers;
use crate::provisioning::endpoints::reset_plan::PlanBody;
#[cfg(test)]
use crate::provisioning::endpoints::reset_plan::{PlanText, plan_example};
use crate::provisioning::reset::{Plan, ResetDone, ResetOrder, ResetTerms};
use crate::threedeye::RemoteId;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Parameter, Spec, example};
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, CallWithBody, Reply, Route, fields, handler};

pub const ROUTE: Route = Route::post(
    "/admin/threedeye/users/{userId}/reset",
    "resetUser",
    handler!(handle: Admin, (Role::Support, SignIn::AnyTime)),
);

/// What to reset. Every field may be left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ResetRequest"))]
pub struct Options {
    /// Forget the mapping and the saved roles.
    clear_mapping: bool,
    /// Delete this user's account at 3dEye first; it takes its camera roles with it.
    delete_remote: bool,
    /// Provision again at once.
    reprovision: bool,
    /// Keep the roles of the deleted account, and those saved before, for the next provisioning to
    /// attach.
    preserve_roles: bool,
    /// `plan` of a preview: exactly what it showed is done, or nothing (409). A page of the console must
    /// send it.
    #[cfg_attr(test, schemars(with = "Option<PlanText>"))]
    plan: Option<String>,
    /// For the audit trail; e-mails and phone numbers in it are masked. A page of the console must send it.
    #[cfg_attr(test, schemars(length(min = 1), regex(pattern = fields::words_pattern(fields::MAX_REASON_CHARS))))]
    reason: Option<String>,
}

impl Options {
    fn plan(&self) -> Result<Option<Plan>, ApiError> {
        let Some(text) = &self.plan else {
            return Ok(None);
        };
        let plan = Plan::parse(text);
        plan.map(Some)
            .ok_or_else(|| ApiError::bad_request("plan: must be the plan of a preview"))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clear_mapping: true,
            delete_remote: false,
            reprovision: false,
            preserve_roles: false,
            plan: None,
            reason: None,
        }
    }
}

/// What was done.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ResetResult"))]
struct Body {
    #[cfg_attr(test, schemars(with = "UserId"))]
    user_id: String,
    /// The user's e-mail; null for an unknown user or one without.
    email: Option<String>,
    /// Whether a mapping was deleted.
    cleared_mapping: bool,
    /// Whether saved roles were deleted.
    cleared_recovery: bool,
    /// What was done at 3dEye.
    remote: RemotePart,
    /// The provisioning afterwards. Its failure is told here, not by the status.
    reprovision: ReprovisionPart,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct RemotePart {
    /// Whether a delete was asked for and tried.
    attempted_delete: bool,
    /// The account that was deleted.
    #[cfg_attr(test, schemars(length(min = 1)))]
    deleted_threedeye_user_id: Option<String>,
    /// A delete was asked for, and neither id nor e-mail is in our customer.
    not_visible: bool,
    /// The camera roles that went with the account.
    removed_role_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct ReprovisionPart {
    /// Whether it was asked for.
    attempted: bool,
    /// The account's id.
    #[cfg_attr(test, schemars(length(min = 1)))]
    threedeye_user_id: Option<String>,
    /// Why there is none; also set for an unknown user.
    error: Option<String>,
}

/// Of a preview, or of what was done.
#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ResetAnswer"))]
enum Answer {
    Plan(PlanBody),
    Done(Body),
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    let dry_run = call.query(&["dryRun"])?.flag("dryRun")?;
    let options: Options = call.optional_body()?;
    let order = ResetOrder {
        clear_mapping: options.clear_mapping,
        delete_remote: options.delete_remote,
        reprovision: options.reprovision,
        preserve_roles: options.preserve_roles,
    };
    let plan = options.plan()?;
    let reason = options.reason.as_deref().map(fields::reason).transpose()?;
    count_reading_the_list(&call).await?;
    let database = call.services.database()?;
    let remote = call.services.remote();
    let origin = call.origin(call.caller.actor());
    let answer = if dry_run {
        let provisioning = call.services.provisioning(&database, &origin)?;
        let preview = provisioning.preview_reset(remote.as_ref(), &user, order);
        Answer::Plan(PlanBody::new(&user, order.reprovision, preview.await?))
    } else {
        // A program answers for its own; a person has seen what they do, and says why.
        let is_person = matches!(call.caller, Admin::Operator(_));
        if is_person && plan.is_none() {
            return Err(ApiError::bad_request("plan: required"));
        }
        if is_person && reason.is_none() {
            return Err(ApiError::bad_request("reason: required"));
        }
        let origin = match reason {
            Some(reason) => origin.because(reason),
            None => origin,
        };
        let may_lose_roles = match is_person {
            true => call.require(Role::Admin, SignIn::Recently),
            false => Ok(()),
        };
        let terms = ResetTerms {
            plan: plan.as_ref(),
            may_lose_roles: may_lose_roles.is_ok(),
        };
        let provisioning = call.services.provisioning(&database, &origin)?;
        let done = provisioning.reset(remote.as_ref(), &user, order, terms);
        match (done.await, may_lose_roles) {
            // What the caller lacks tells more.
            (Err(ProvisioningError::RolesAtStake), Err(lacking)) => return Err(lacking),
            (done, _) => {
                let mut body = Body::new(&user, done?);
                let data = PersonalData::for_caller(&call.caller);
                body.email = body.email.map(|email| data.email(email));
                Answer::Done(body)
            }
        }
    };
    Ok(Reply::json(StatusCode::OK, &answer).no_store())
}

impl Body {
    fn new(user: &UserId, done: ResetDone) -> Self {
        Self {
            user_id: user.to_string(),
            reprovision: describe_reprovision(done.reprovisioned, done.user_found),
            email: done.email,
            cleared_mapping: done.cleared_mapping,
            cleared_recovery: done.cleared_recovery,
            remote: RemotePart {
                attempted_delete: done.removal.attempted,
                deleted_threedeye_user_id: done.removal.deleted.map(|id| id.0),
                not_visible: done.removal.not_visible,
                removed_role_ids: done.removal.roles.into_iter().map(|role| role.0).collect(),
            },
        }
    }
}

/// A failed reprovisioning is part of the answer, never its status.
fn describe_reprovision(
    reprovisioned: Option<Result<RemoteId, ProvisioningError>>,
    user_found: bool,
) -> ReprovisionPart {
    let attempted = reprovisioned.is_some();
    let (threedeye_user_id, error) = match reprovisioned {
        _ if !user_found => (None, Some("User not found".to_owned())),
        Some(Ok(id)) => (Some(id.0), None),
        // The client's face that the same failure has everywhere else.
        Some(Err(failure)) => (None, Some(ApiError::from(failure).into_message())),
        None => (None, None),
    };
    ReprovisionPart {
        attempted,
        threedeye_user_id,
        error,
    }
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "3dEye support",
        "Puts a stuck user right",
        "In this order: probe, delete the account if asked, clear the rows, provision again if \
         asked. When the requested delete fails nothing is cleared (502). Only an account with this \
         user's e-mail or mapped id is deleted, and never a protected one. Lifts a quarantine. \
         Safe to repeat. All of it has 30 s: when they end before the rows are cleared nothing is \
         cleared (502), when they end later `reprovision.error` says so and the next backfill goes \
         on with the user. With `dryRun=true` nothing is changed, and the answer is what would be done, with \
         a `plan`: sent along within 10 minutes, exactly that is done, or nothing (409). A page of the \
         console must send a plan and a reason, and where camera roles would be lost for good it takes the \
         role admin and a recent sign-in (403, 401). To such a page `email` is masked.",
    )
    .parameter(spec.user_id())
    .parameter(Parameter::query("dryRun", "Tell what would be done and change nothing.", json!({"type": "boolean", "default": false})))
    .body(
        spec.optional_body::<Options>()
            .described("Without a body the defaults apply.")
            .example("rowsOnly", example!({}))
            .example("everything", example!({ "deleteRemote": true, "reprovision": true, "preserveRoles": true }))
            .example("withReason", example!({
                "deleteRemote": true,
                "reprovision": true,
                "preserveRoles": true,
                "reason": "the cameras do not open in the app"
            })),
    )
    .answer(
        spec.json::<Answer>(200, "What was done, or in a dry run what would be.")
            .link("diagnoseUser", [("userId", "$request.path.userId")])
            .no_store()
            .example("preview", plan_example())
            .example("rowsOnly", example!({
                "userId": "00000000-0000-4000-8000-000000000001",
                "email": "jane@example.com",
                "clearedMapping": true,
                "clearedRecovery": false,
                "remote": {
                    "attemptedDelete": false,
                    "deletedThreedeyeUserId": null,
                    "notVisible": false,
                    "removedRoleIds": []
                },
                "reprovision": { "attempted": false, "threedeyeUserId": null, "error": null }
            }))
            .example("everything", example!({
                "userId": "00000000-0000-4000-8000-000000000001",
                "email": "jane@example.com",
                "clearedMapping": true,
                "clearedRecovery": false,
                "remote": {
                    "attemptedDelete": true,
                    "deletedThreedeyeUserId": "11111111-1111-4111-8111-111111111111",
                    "notVisible": false,
                    "removedRoleIds": ["role-front-door"]
                },
                "reprovision": {
                    "attempted": true,
                    "threedeyeUserId": "22222222-2222-4222-8222-222222222222",
                    "error": null
                }
            })),
    )
    .error(ErrorAnswer::new(
        "Busy",
        "Something stands against it. With Retry-After: another actor is provisioning this user \
         right now. Without: it takes a human, as the message says.",
        [
            ("busy", ProvisioningError::Busy { retry_after_s: 1 }.into()),
            ("protected", Failure::Protected.into()),
            ("changed", ProvisioningError::PlanOutdated.into()),
            ("expired", ProvisioningError::PlanExpired.into()),
            ("madeForEarlierEmail", Failure::MadeForAnotherEmail.into()),
        ],
    ))
    .error(error_answers::upstream())
    .error(error_answers::not_configured())
}
