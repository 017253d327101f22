//! `DELETE /admin/api-keys/{keyId}`: revokes a key at once. Safe to repeat.

use http::StatusCode;

use crate::auth::SignIn;
use crate::auth::store::revoke_api_key;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{self, Answer, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::delete(
    "/admin/api-keys/{keyId}",
    "revokeApiKey",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let id = call.path("keyId")?;
    let entry = call.entry(Action::RevokeApiKey, id, "revoked");
    revoke_api_key(&call.services.database()?, id, &entry).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "API keys",
        "Revokes an API key",
        "At once. Also 204 when the key is revoked already or never was.",
    )
    .parameter(openapi::key_id())
    .answer(Answer::empty(204, "The key is not in force (any more)."))
}
