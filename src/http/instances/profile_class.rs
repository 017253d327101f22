//! `GET …/classes/user_profile/`: the class that profiles are objects of. A
//! client asks for it whenever it has read a user, to learn the profile's fields.

use http::StatusCode;

use super::InstanceCaller;
use crate::http::{ApiError, Call, Reply};
use crate::user_keys::representation::ProfileClassPart;

routes!(
    GET,
    "classes/user_profile/",
    "getProfileClass",
    ReadProfileClass
);

async fn handle(call: Call<InstanceCaller>) -> Result<Reply, ApiError> {
    let made = call.caller.visitor().instance_created_at;
    let body = ProfileClassPart::new(made, call.caller.links());
    Ok(Reply::json(StatusCode::OK, &body))
}
