//! `POST …/users/{id}/reset_key/`: a new key for a user, shown this once.
//!
//! One read authenticates and loads, one batch writes key and audit row. The batch checks the
//! keys again, so that a leaked key cannot undo its own reset.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;

use crate::kernel::audit::{Action, Entry};
use crate::user_keys::endpoints::InstanceCaller;
use crate::user_keys::endpoints::caller::unknown_user;
use crate::user_keys::endpoints::user::UserPart;
#[cfg(test)]
use crate::user_keys::endpoints::user::example;
#[cfg(test)]
use crate::user_keys::endpoints::{openapi_instance, openapi_user_id};
use crate::user_keys::store::{KeyReset, ResetOutcome, reset_user_key};
use crate::user_keys::{AccessDenied, Key, Operation, Parity};
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const V1: Route = Route::post(
    "/v1/instances/{instance}/users/{id}/reset_key/",
    "resetUserKeyV1",
    handler!(handle: InstanceCaller, Operation::ResetKey),
);

pub const V1_1: Route = Route::post(
    "/v1.1/instances/{instance}/users/{id}/reset_key/",
    "resetUserKey",
    handler!(handle: InstanceCaller, Operation::ResetKey),
);

async fn handle(call: Call<InstanceCaller>) -> Result<Reply, ApiError> {
    let caller = &call.caller;
    let client = caller.client();
    let user = caller.user()?;
    let key = Key::generate(Parity::Even, &*call.services.random);
    let reset = KeyReset {
        user: user.id,
        new_key: &key,
        client_key: &client.key.id,
        user_key: client.acting_user.as_ref().map(|user| &user.key),
    };
    let entry = Entry {
        at: call.now(),
        origin: call.origin(client.actor()),
        action: Action::ResetUserKey,
        subject: format!("instance-user:{}", user.id),
        outcome: format!("new key in {}", client.instance),
    };
    let database = call.services.database()?;
    match reset_user_key(&database, &reset, &entry).await? {
        ResetOutcome::Reset => {}
        ResetOutcome::KeyNotInForce => return Err(AccessDenied::UnknownKey.into()),
        ResetOutcome::UserDeleted => return Err(unknown_user()),
    }
    let body = UserPart::new(user, Some(&key), caller.links());
    Ok(Reply::json(StatusCode::OK, &body))
}

/// A user with the key that was just made.
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(rename = "InstanceUserWithKey")]
#[expect(dead_code)]
struct UserWithKeyPart<'a> {
    /// 40 hex digits, the last of them even.
    #[schemars(regex(pattern = "^[0-9a-f]{39}[02468ace]$"))]
    user_key: &'a str,
    #[schemars(flatten)]
    user: UserPart<'a>,
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    let key = Key::parse("0123456789abcdef0123456789abcdef01234560").unwrap();
    OperationDoc::new(
        "User keys",
        "Gives a user a new key",
        "The old key is dead from the same moment. The answer is the only place where the new one \
         is ever shown. An account key of role full or write, and an instance API key with \
         ignore_acl, reset any user; together with a user key, an instance API key resets that user \
         alone. Of several at once, the last one to be written counts. The body is ignored.",
    )
    .parameter(openapi_instance())
    .parameter(openapi_user_id())
    .answer(
        spec.json::<UserWithKeyPart>(200, "The user, with the new key.")
            .example("example", example(spec.route, Some(&key))),
    )
}
