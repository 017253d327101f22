//! `POST …/users/{id}/reset_key/`: a new key for a user, shown this once.
//!
//! One read authenticates and loads, one batch writes key and audit row. The
//! batch asks again whether the keys presented are good, so that a leaked key
//! that is being reset can reset nothing any more.

use http::StatusCode;

use crate::kernel::Clock as _;
use crate::kernel::audit::{Action, Entry};
use crate::user_keys::Errand;
use crate::user_keys::endpoints::caller::unknown_user;
use crate::user_keys::endpoints::{InstanceCaller, v1, v1_1};
use crate::user_keys::representation::UserPart;
use crate::user_keys::store::{KeyReset, ResetOutcome};
use crate::user_keys::{Key, Parity, Refusal};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const V1: Route = Route::post(
    "/v1/instances/{instance}/users/{id}/reset_key/",
    "resetUserKeyV1",
    handler!(handle: InstanceCaller, v1(Errand::ResetKey)),
);

pub const V1_1: Route = Route::post(
    "/v1.1/instances/{instance}/users/{id}/reset_key/",
    "resetUserKey",
    handler!(handle: InstanceCaller, v1_1(Errand::ResetKey)),
);

async fn handle(call: Call<InstanceCaller>) -> Result<Reply, ApiError> {
    let caller = &call.caller;
    let user = caller.user()?;
    let key = Key::generate(Parity::Even, &call.services.random);
    let reset = KeyReset {
        user: user.id,
        key: &key,
        by: &caller.visitor().key.id,
        in_person: caller.key_in_person(),
    };
    let entry = Entry {
        at: call.services.clock.now(),
        origin: call.origin(caller.actor()),
        action: Action::ResetUserKey,
        subject: format!("instance-user:{}", user.id),
        outcome: format!("new key in {}", caller.visitor().instance),
    };
    let database = call.services.database()?;
    match database.reset_user_key(&reset, &entry).await? {
        ResetOutcome::Done => {}
        ResetOutcome::KeyGone => return Err(Refusal::NoSuchKey.into()),
        ResetOutcome::UserGone => return Err(unknown_user()),
    }
    let body = UserPart::new(user, Some(&key), caller.links());
    Ok(Reply::json(StatusCode::OK, &body))
}
