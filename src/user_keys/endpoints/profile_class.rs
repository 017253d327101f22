//! `GET …/classes/user_profile/`: the class that profiles are objects of. A
//! client asks for it whenever it has read a user, to learn the profile's fields.

use http::StatusCode;

use crate::user_keys::Operation;
use crate::user_keys::endpoints::representation::ProfileClassPart;
#[cfg(test)]
use crate::user_keys::endpoints::{self, representation::Example};
use crate::user_keys::endpoints::{InstanceCaller, v1, v1_1};
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec};
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

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "User keys",
        "Shows the class that profiles are objects of",
        "For account keys, instance API keys with ignore_acl or allow_anonymous_read, and users in \
         person.",
    )
    .parameter(endpoints::openapi_instance())
    .answer(
        spec.json::<ProfileClassPart>(200, "The class.")
            .example("example", Example::of(spec.route).class()),
    )
}
