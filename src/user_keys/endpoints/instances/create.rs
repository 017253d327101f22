//! `POST /admin/instances`: makes an instance. Safe to repeat.

use http::StatusCode;
use serde::Deserialize;

use crate::kernel::Clock as _;
use crate::kernel::audit::{Action, Entry};
use crate::user_keys::endpoints::instances::InstancePart;
use crate::web::caller::Admin;
use crate::web::fields;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/instances",
    "createInstance",
    handler!(handle: Admin),
);

/// The body of the request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    name: String,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let wish: Wish = call.body()?;
    let name = fields::instance("name", &wish.name)?;
    let entry = Entry {
        at: call.services.clock.now(),
        origin: call.origin(call.caller.actor()),
        action: Action::CreateInstance,
        subject: format!("instance:{name}"),
        outcome: "created".to_owned(),
    };
    let database = call.services.database()?;
    let made = database.insert_instance(name, &entry).await?;
    let status = if made.existed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok(Reply::json(status, &InstancePart::from(made.row)).no_store())
}
