//! `GET …/users/{id}/`: a user of the instance.

use http::StatusCode;

use crate::user_keys::endpoints::InstanceCaller;
use crate::user_keys::representation::UserPart;
use crate::web::{ApiError, Call, Reply};

routes!(GET, "users/{id}/", "getInstanceUser", ReadUser);

pub(crate) async fn handle(call: Call<InstanceCaller>) -> Result<Reply, ApiError> {
    let user = call.caller.user()?;
    let body = UserPart::new(user, None, call.caller.links());
    Ok(Reply::json(StatusCode::OK, &body))
}
