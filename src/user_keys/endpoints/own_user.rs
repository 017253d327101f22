//! `GET …/user/`: the user that the user key belongs to.

use crate::user_keys::Operation;
use crate::user_keys::endpoints::InstanceCaller;
#[cfg(test)]
use crate::user_keys::endpoints::openapi_instance;
use crate::user_keys::endpoints::user::handle;
#[cfg(test)]
use crate::user_keys::endpoints::user::{UserPart, example};
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec};
use crate::web::{Route, handler};

pub const V1: Route = Route::get(
    "/v1/instances/{instance}/user/",
    "getOwnUserV1",
    handler!(handle: InstanceCaller, Operation::ReadOwnUser),
);

pub const V1_1: Route = Route::get(
    "/v1.1/instances/{instance}/user/",
    "getOwnUser",
    handler!(handle: InstanceCaller, Operation::ReadOwnUser),
);

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "User keys",
        "Shows the user that the user key belongs to",
        "For an instance API key together with a user key.",
    )
    .parameter(openapi_instance())
    .answer(
        spec.json::<UserPart>(200, "The user.")
            .example("example", example(spec.route, None)),
    )
}
