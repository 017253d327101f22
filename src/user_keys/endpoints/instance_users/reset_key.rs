//! `POST /admin/instances/{name}/users/{id}/reset-key`: a new key for a user, shown this once.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::user_keys::endpoints::instances;
#[cfg(test)]
use crate::user_keys::endpoints::openapi_user_id;
use crate::user_keys::store::{UserNotReset, replace_user_key};
use crate::user_keys::{InstanceUserId, Key, Parity};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Spec, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, fields, handler};

/// Support may do it, although keys are an admin's else: the person has the key already, and gets another one in its
/// place. No one gains access who had none.
pub const ROUTE: Route = Route::post(
    "/admin/instances/{name}/users/{id}/reset-key",
    "resetInstanceUserKey",
    handler!(handle: Admin, (Role::Support, SignIn::Recently)),
);

/// Why the key is replaced.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ResetInstanceUserKey"))]
struct Request {
    /// For the audit trail; e-mails and phone numbers in it are masked.
    #[cfg_attr(test, schemars(length(min = 1), regex(pattern = fields::words_pattern(fields::MAX_REASON_CHARS))))]
    reason: String,
}

/// A user's new key. It is shown this once and cannot be read back.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "InstanceUserNewKey"))]
struct Body<'a> {
    id: InstanceUserId,
    /// The key's text: 40 hex digits, the last of them even.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]{39}[02468ace]$")))]
    user_key: &'a str,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let request: Request = call.body()?;
    let reason = fields::reason(&request.reason)?;
    let instance = instances::in_path(&call)?;
    let id = call.path("id")?;
    let key = Key::generate(Parity::Even, &*call.services.random);
    let (subject, outcome) = (
        format!("instance-user:{id}"),
        format!("new key in {instance}"),
    );
    let mut entry = call.entry(Action::ResetUserKey, subject, outcome);
    entry.origin.reason = Some(reason);
    // A text that cannot be an id is the id of no user.
    let id = InstanceUserId::parse(id);
    let database = call.services.database()?;
    match replace_user_key(&database, &instance, id, &key, &entry).await? {
        Ok(()) => {}
        Err(UserNotReset::NoInstance) => return Err(instances::unknown()),
        Err(UserNotReset::NoUser) => return Err(unknown_user()),
    }
    let body = Body {
        id: id.ok_or_else(unknown_user)?,
        user_key: key.expose(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

fn unknown_user() -> ApiError {
    ApiError::not_found("The instance has no such user")
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Gives a user of an instance a new key",
        "The old key is dead from the same moment. The answer is the only place where the new one is ever \
         shown. Of several at once, the last one to be written counts.",
    )
    .parameter(instances::openapi_name())
    .parameter(openapi_user_id())
    .body(spec.body::<Request>().example("leaked", example!({ "reason": "the key was in a ticket" })))
    .answer(
        spec.json::<Body>(200, "The new key.")
            .no_store()
            .example("reset", example!({
                "id": 9,
                "userKey": "000000000000000000000000000000000000000e"
            })),
    )
    .error(ErrorAnswer::new(
        "UserOfInstanceNotFound",
        "No such instance; or it has no such user.",
        [("instance", instances::unknown()), ("user", unknown_user())],
    ))
}
