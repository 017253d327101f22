//! `DELETE /admin/instances/{name}/users/{id}`: deletes a user and with it its key. Safe to
//! repeat.

use http::StatusCode;

use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::user_keys::InstanceUserId;
#[cfg(test)]
use crate::user_keys::endpoints;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::delete_user;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::delete(
    "/admin/instances/{name}/users/{id}",
    "deleteInstanceUser",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instance = instances::in_path(&call)?;
    let id = call.path("id")?;
    let (subject, outcome) = (
        format!("instance-user:{id}"),
        format!("instance {instance}"),
    );
    let entry = call.entry(Action::DeleteInstanceUser, subject, outcome);
    // A text that cannot be an id is treated like a user that was deleted already.
    let id = InstanceUserId::parse(id);
    let database = call.services.database()?;
    if !delete_user(&database, &instance, id, &entry).await? {
        return Err(instances::unknown());
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Deletes a user of an instance",
        "At once, and its key with it. Also 204 when the user is gone already or never was of this \
         instance.",
    )
    .parameter(instances::openapi_name())
    .parameter(endpoints::openapi_user_id())
    .answer(Answer::empty(204, "There is no such user (any more)."))
    .error(instances::openapi_not_found())
}
