//! `GET …/classes/user_profile/`: the class that profiles are objects of. A
//! client asks for it whenever it has read a user, to learn the profile's fields.

use http::StatusCode;

use crate::user_keys::endpoints::InstanceCaller;
use crate::user_keys::representation::ProfileClassPart;
use crate::web::{ApiError, Call, Reply};

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
