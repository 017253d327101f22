//! `GET …/classes/user_profile/`: the class that profiles are objects of. A
//! client asks for it whenever it has read a user, to learn the profile's fields.

use http::StatusCode;

use crate::user_keys::Operation;
use crate::user_keys::endpoints::representation::ProfileClassPart;
use crate::user_keys::endpoints::{InstanceCaller, v1, v1_1};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const V1: Route = Route::get(
    "/v1/instances/{instance}/classes/user_profile/",
    "getProfileClassV1",
    handler!(handle: InstanceCaller, v1(Operation::ReadProfileClass)),
);

pub const V1_1: Route = Route::get(
    "/v1.1/instances/{instance}/classes/user_profile/",
    "getProfileClass",
    handler!(handle: InstanceCaller, v1_1(Operation::ReadProfileClass)),
);

async fn handle(call: Call<InstanceCaller>) -> Result<Reply, ApiError> {
    let created_at = call.caller.client().instance_created_at;
    let body = ProfileClassPart::new(created_at, call.caller.links());
    Ok(Reply::json(StatusCode::OK, &body))
}
