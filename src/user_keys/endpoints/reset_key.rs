//! `POST …/users/{id}/reset_key/`: a new key for a user, shown this once.
//!
//! One read authenticates and loads, one batch writes key and audit row. The batch checks the
//! keys again, so that a leaked key cannot undo its own reset.

use http::StatusCode;

use crate::kernel::Clock as _;
use crate::kernel::audit::{Action, Entry};
use crate::user_keys::endpoints::caller::unknown_user;
use crate::user_keys::endpoints::representation::UserPart;
use crate::user_keys::endpoints::{InstanceCaller, v1, v1_1};
use crate::user_keys::store::{KeyReset, ResetOutcome, reset_user_key};
use crate::user_keys::{AccessDenied, Key, Operation, Parity};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const V1: Route = Route::post(
    "/v1/instances/{instance}/users/{id}/reset_key/",
    "resetUserKeyV1",
    handler!(handle: InstanceCaller, v1(Operation::ResetKey)),
);

pub const V1_1: Route = Route::post(
    "/v1.1/instances/{instance}/users/{id}/reset_key/",
    "resetUserKey",
    handler!(handle: InstanceCaller, v1_1(Operation::ResetKey)),
);

async fn handle(call: Call<InstanceCaller>) -> Result<Reply, ApiError> {
    let caller = &call.caller;
    let client = caller.client();
    let user = caller.user()?;
    let key = Key::generate(Parity::Even, &call.services.random);
    let reset = KeyReset {
        user: user.id,
        new_key: &key,
        client_key: &client.key.id,
        user_key: client.acting_user.as_ref().map(|user| &user.key),
    };
    let entry = Entry {
        at: call.services.clock.now(),
        origin: call.origin(caller.actor()),
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
