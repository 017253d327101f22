//! `DELETE /admin/users/{userId}/push-tokens/{id}`: forgets a device of a user. Safe to repeat.

use http::StatusCode;

use crate::account::store::delete_push_token;
use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Parameter, Spec, any_text, errors};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::delete(
    "/admin/users/{userId}/push-tokens/{id}",
    "deletePushToken",
    handler!(handle: Admin, (Role::Support, SignIn::AnyTime)),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    let id = call.path("id")?;
    let entry = call.entry(Action::UnregisterPushToken, user.as_str(), "dropped");
    if !delete_push_token(&call.services.database()?, &user, id, &entry).await? {
        return Err(ApiError::unknown_user());
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    let example = any_text("push_01JZX0000000000000000000EX");
    OperationDoc::new(
        "Account security",
        "Forgets a push token of a user",
        "For a device that is lost or was sold: it gets no more push notifications, unless the app registers it \
         again. 204 as well when the user has no such token. Safe to repeat.",
    )
    .parameter(spec.user_id())
    .parameter(Parameter::path("PushTokenId", "id", "The id of a push token.", example))
    .answer(Answer::empty(204, "The user has no such token (any more)."))
    .error(errors::unknown_user())
}
