//! `DELETE /admin/instances/{name}/api-keys/{keyId}`: revokes a key at once.
//! Safe to repeat.

use http::StatusCode;

use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::revoke_instance_key;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{self, Answer, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::delete(
    "/admin/instances/{name}/api-keys/{keyId}",
    "revokeInstanceApiKey",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instance = instances::in_path(&call)?;
    let id = call.path("keyId")?;
    let entry = call.entry(Action::RevokeInstanceApiKey, id, "revoked");
    let database = call.services.database()?;
    if !revoke_instance_key(&database, &instance, id, &entry).await? {
        return Err(instances::unknown());
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Revokes an API key of an instance",
        "At once. Also 204 when the key is revoked already or never was of this instance.",
    )
    .parameter(instances::openapi_name())
    .parameter(openapi::key_id())
    .answer(Answer::empty(204, "The key is not in force (any more)."))
    .error(instances::openapi_not_found())
}
