//! `POST /admin/instances`: creates an instance. Safe to repeat.

use http::StatusCode;
use serde::Deserialize;

use crate::kernel::Clock as _;
use crate::kernel::audit::{Action, Entry};
use crate::user_keys::endpoints::instances;
use crate::user_keys::endpoints::instances::InstancePart;
use crate::user_keys::store::create_instance;
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/instances",
    "createInstance",
    handler!(handle: Admin),
);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestBody {
    name: String,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let body: RequestBody = call.body()?;
    let name = instances::name_in_field("name", &body.name)?;
    let entry = Entry {
        at: call.services.clock.now(),
        origin: call.origin(call.caller.actor()),
        action: Action::CreateInstance,
        subject: format!("instance:{name}"),
        outcome: "created".to_owned(),
    };
    let database = call.services.database()?;
    let created = create_instance(&database, name, &entry).await?;
    let status = if created.existed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok(Reply::json(status, &InstancePart::from(created.row)).no_store())
}
