//! `DELETE /admin/instances/{name}/users/{id}`: deletes a user, whose key is
//! dead from that moment. Safe to repeat.

use http::StatusCode;

use crate::kernel::Clock as _;
use crate::kernel::audit::{Action, Entry};
use crate::user_keys::InstanceUserId;
use crate::user_keys::endpoints::instances;
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::delete(
    "/admin/instances/{name}/users/{id}",
    "deleteInstanceUser",
    handler!(handle: Admin),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instance = instances::in_path(&call)?;
    let id = call.path("id")?;
    let entry = Entry {
        at: call.services.clock.now(),
        origin: call.origin(call.caller.actor()),
        action: Action::DeleteInstanceUser,
        subject: format!("instance-user:{id}"),
        outcome: format!("instance {instance}"),
    };
    // What is no id is nobody's: gone already, like one that was deleted.
    let id = InstanceUserId::parse(id);
    let database = call.services.database()?;
    let deleted = database.delete_instance_user(&instance, id, &entry);
    if !deleted.await? {
        return Err(instances::unknown());
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
