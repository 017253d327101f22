//! `GET …/users/{id}/`: a user of the instance.

use http::StatusCode;

use crate::user_keys::Operation;
use crate::user_keys::endpoints::representation::UserPart;
#[cfg(test)]
use crate::user_keys::endpoints::{self, representation::Example};
use crate::user_keys::endpoints::{InstanceCaller, v1, v1_1};
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec};
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

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "User keys",
        "Shows a user of the instance",
        "For account keys of every role, instance API keys with ignore_acl, and the user in person.",
    )
    .parameter(endpoints::openapi_instance())
    .parameter(endpoints::openapi_user_id())
    .answer(
        spec.json::<UserPart>(200, "The user.")
            .example("example", Example::of(spec.route).user(None)),
    )
}
