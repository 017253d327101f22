//! `DELETE /admin/users/{userId}`: deletes a user on purpose, and its account at once. Safe to repeat.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
#[cfg(test)]
use serde_json::json;

use crate::auth::SignIn;
use crate::kernel::UserId;
use crate::operators::Role;
use crate::provisioning::Failure;
#[cfg(test)]
use crate::provisioning::ProvisioningError;
#[cfg(test)]
use crate::provisioning::endpoints::error_answers;
use crate::provisioning::offboarding::{DeletionRefused, Departed};
use crate::provisioning::record::ProvisioningRecord;
use crate::provisioning::store::Holdings;
use crate::threedeye::UpstreamError;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Parameter, Spec, errors, example};
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, CallWithBody, Reply, Route, fields, handler};

pub const ROUTE: Route = Route::delete(
    "/admin/users/{userId}",
    "deleteUser",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

/// That it is meant, and why.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "DeleteUserRequest"))]
struct Request {
    /// The user's id once more.
    confirm: String,
    /// For the audit trail, where it stays: no personal data.
    #[cfg_attr(test, schemars(length(min = 1), regex(pattern = fields::words_pattern(fields::MAX_REASON_CHARS))))]
    reason: String,
}

impl Request {
    /// The reason, once it is clear that this user is meant.
    fn reason(&self, user: &UserId) -> Result<String, ApiError> {
        if self.confirm != user.as_str() {
            return Err(ApiError::bad_request("confirm: must be the id in the path"));
        }
        fields::reason(&self.reason)
    }
}

/// What was deleted, or in a dry run what would be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "UserDeletion"))]
struct Body {
    #[cfg_attr(test, schemars(with = "UserId"))]
    user_id: String,
    /// Whether nothing was changed.
    dry_run: bool,
    /// The user's e-mail, masked to a session of the console; null where the user was deleted before, or has none.
    email: Option<String>,
    /// What goes at once.
    deleted: Holdings,
    /// The account at 3dEye.
    remote: RemotePart,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct RemotePart {
    /// Where provisioning stood before; null: nothing was recorded.
    #[cfg_attr(test, schemars(extend("enum" = ["idle", "pending", "attaching", "complete", "quarantined", "set_aside", "leaving", "left_in_place", null])))]
    state: Option<&'static str>,
    /// The accounts that are deleted.
    account_ids: Vec<String>,
    /// The camera roles that go with them, those saved for a later account included.
    role_ids: Vec<String>,
    /// Protected accounts, which stay for a person to decide about.
    left_in_place: Vec<String>,
    /// In a dry run: why the accounts are not known.
    error: Option<String>,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    let dry_run = call.query(&["dryRun"])?.flag("dryRun")?;
    let request = match dry_run && call.input.body.is_empty() {
        true => None,
        false => Some(call.body::<Request>()?),
    };
    let reason = request.as_ref().map(|given| given.reason(&user));
    let reason = reason.transpose()?;
    let services = &call.services;
    let database = services.database()?;
    let remote = services.remote();
    let mut origin = call.origin(call.caller.actor());
    origin.reason.clone_from(&reason);
    let provisioning = services.provisioning(&database, &origin)?;
    let body = match reason.filter(|_| !dry_run) {
        None => {
            let preview = provisioning.preview_deletion(remote.as_ref(), &user);
            let preview = preview.await?.ok_or_else(ApiError::unknown_user)?;
            let (departed, error) = match preview.departed {
                Ok(departed) => (departed, None),
                Err(failure) => (Departed::default(), Some(failure.to_string())),
            };
            Body {
                dry_run,
                ..body(&user, preview.record, preview.holdings, departed, error)
            }
        }
        Some(reason) => {
            let removals = services.removals();
            let deletion = provisioning.delete_user(remote.as_ref(), &user, &reason, removals);
            let done = deletion.await?;
            body(&user, done.record, done.holdings, done.departed, None)
        }
    };
    let data = PersonalData::for_caller(&call.caller);
    let body = Body {
        email: body.email.map(|email| data.email(email)),
        ..body
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

fn body(
    user: &UserId,
    record: ProvisioningRecord,
    deleted: Holdings,
    departed: Departed,
    error: Option<String>,
) -> Body {
    let ids = |ids: Vec<crate::threedeye::RemoteId>| ids.into_iter().map(|id| id.0).collect();
    Body {
        user_id: user.to_string(),
        dry_run: false,
        email: record.user.and_then(|row| row.email),
        deleted,
        remote: RemotePart {
            state: record.mapping.map(|row| row.state.as_str()),
            account_ids: ids(departed.deleted),
            role_ids: departed.roles.into_iter().map(|role| role.0).collect(),
            left_in_place: ids(departed.left_in_place),
            error,
        },
    }
}

impl From<DeletionRefused> for ApiError {
    fn from(refused: DeletionRefused) -> Self {
        match refused {
            DeletionRefused::NotBegun(error) => error.into(),
            DeletionRefused::AccountLeft(failure) => account_left(&failure),
            DeletionRefused::Returned => Self::new(
                StatusCode::CONFLICT,
                "Another service has added the user again",
            ),
            DeletionRefused::Database(error) => error.into(),
        }
    }
}

/// The user is deleted, and the rest follows by itself.
fn account_left(failure: &Failure) -> ApiError {
    let message = format!(
        "The user is deleted, but not its account yet: {failure}. A scheduled run goes on with it"
    );
    let error = ApiError::new(StatusCode::BAD_GATEWAY, message).because(failure.code());
    match failure {
        Failure::Upstream(UpstreamError::RateLimited {
            retry_after: Some(wait),
        }) => error.retry_after(wait.as_secs().max(1)),
        _ => error,
    }
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Off-boarding",
        "Deletes a user and its account",
        "At once, without the wait of OFFBOARD_AFTER_HOURS: the user, its keys, its account data, and \
         its account at 3dEye with its camera roles. Protected accounts are left in place. Where 3dEye \
         fails the user stays deleted (502), and the next run goes on; so does a repeated call. The \
         audit trail stays. With `dryRun=true` nothing is changed, and the answer tells what would go.",
    )
    .parameter(spec.user_id())
    .parameter(Parameter::query("dryRun", "Tell what would be deleted and change nothing.", json!({"type": "boolean", "default": false})))
    .body(
        spec.optional_body::<Request>()
            .described("Required, but for a dry run.")
            .example("movedOut", example!({ "confirm": "00000000-0000-4000-8000-000000000001", "reason": "moved out" })),
    )
    .answer(
        spec.json::<Body>(200, "What was deleted, or would be.")
            .no_store()
            .example("movedOut", example!({
                "userId": "00000000-0000-4000-8000-000000000001",
                "dryRun": false,
                "email": "jane@example.com",
                "deleted": {
                    "user": true,
                    "apiKeys": 1,
                    "instanceUsers": 0,
                    "profile": true,
                    "secondFactor": true,
                    "backupCodes": 10,
                    "pushTokens": 1,
                    "scenes": 0,
                    "notices": 0
                },
                "remote": {
                    "state": "complete",
                    "accountIds": ["11111111-1111-4111-8111-111111111111"],
                    "roleIds": ["role-front-door"],
                    "leftInPlace": [],
                    "error": null
                }
            })),
    )
    .error(errors::unknown_user())
    .error(ErrorAnswer::new(
        "UserBusy",
        "With Retry-After: another actor is provisioning this user right now, and nothing was done. \
         Without: another service has added the user again meanwhile.",
        [
            ("busy", ProvisioningError::Busy { retry_after_s: 1 }.into()),
            ("returned", DeletionRefused::Returned.into()),
        ],
    ))
    .error(ErrorAnswer::new(
        "AccountLeft",
        "The user is deleted, but 3dEye failed. A scheduled run removes the account; so does the same \
         call once more.",
        [("unavailable", account_left(&Failure::Upstream(UpstreamError::Transient)))],
    ))
    .error(error_answers::not_configured())
}
