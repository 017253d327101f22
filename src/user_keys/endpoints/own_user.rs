//! `GET …/user/`: the user that the user key belongs to.

use crate::user_keys::Operation;
use crate::user_keys::endpoints::user::handle;
use crate::user_keys::endpoints::{InstanceCaller, v1, v1_1};
use crate::web::{Route, handler};

pub const V1: Route = Route::get(
    "/v1/instances/{instance}/user/",
    "getOwnUserV1",
    handler!(handle: InstanceCaller, v1(Operation::ReadOwnUser)),
);

pub const V1_1: Route = Route::get(
    "/v1.1/instances/{instance}/user/",
    "getOwnUser",
    handler!(handle: InstanceCaller, v1_1(Operation::ReadOwnUser)),
);
