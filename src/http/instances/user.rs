//! `GET …/users/{id}/`: a user of the instance.

use http::StatusCode;

use super::InstanceCaller;
use crate::http::{ApiError, Call, Reply};
use crate::user_keys::representation::UserPart;

routes!(GET, "users/{id}/", "getInstanceUser", ReadUser);

pub(super) async fn handle(call: Call<InstanceCaller>) -> Result<Reply, ApiError> {
    let user = call.caller.user()?;
    let body = UserPart::new(user, None, call.caller.links());
    Ok(Reply::json(StatusCode::OK, &body))
}
