//! `DELETE /admin/instances/{name}/api-keys/{keyId}`: revokes a key at once.
//! Safe to repeat.

use http::StatusCode;

use crate::kernel::Clock as _;
use crate::kernel::audit::{Action, Entry};
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::revoke_instance_key;
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::delete(
    "/admin/instances/{name}/api-keys/{keyId}",
    "revokeInstanceApiKey",
    handler!(handle: Admin),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instance = instances::in_path(&call)?;
    let id = call.path("keyId")?.to_owned();
    let entry = Entry {
        at: call.services.clock.now(),
        origin: call.origin(call.caller.actor()),
        action: Action::RevokeInstanceApiKey,
        subject: id.clone(),
        outcome: "revoked".to_owned(),
    };
    let database = call.services.database()?;
    if !revoke_instance_key(&database, &instance, &id, &entry).await? {
        return Err(instances::unknown());
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
