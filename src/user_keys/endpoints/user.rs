//! `GET …/users/{id}/`: a user of the instance.

use http::StatusCode;

use crate::user_keys::Operation;
use crate::user_keys::endpoints::representation::UserPart;
use crate::user_keys::endpoints::{InstanceCaller, v1, v1_1};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const V1: Route = Route::get(
    "/v1/instances/{instance}/users/{id}/",
    "getInstanceUserV1",
    handler!(handle: InstanceCaller, v1(Operation::ReadUser)),
);

pub const V1_1: Route = Route::get(
    "/v1.1/instances/{instance}/users/{id}/",
    "getInstanceUser",
    handler!(handle: InstanceCaller, v1_1(Operation::ReadUser)),
);

pub(crate) async fn handle(call: Call<InstanceCaller>) -> Result<Reply, ApiError> {
    let user = call.caller.user()?;
    let body = UserPart::new(user, None, call.caller.links());
    Ok(Reply::json(StatusCode::OK, &body))
}
