//! `POST /admin/dashboards`: makes a dashboard, which people can choose for a scene.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::account::TeamId;
use crate::account::store::insert_dashboard;
use crate::kernel::Clock as _;
use crate::kernel::audit::{Action, Entry};
use crate::web::caller::Admin;
use crate::web::fields;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/dashboards",
    "createDashboard",
    handler!(handle: Admin),
);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewDashboard {
    team_id: TeamId,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    id: u64,
    team_id: TeamId,
    name: &'a str,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let new: NewDashboard = call.body()?;
    let name = fields::name(&new.name)?;
    let entry = Entry {
        at: call.services.clock.now(),
        origin: call.origin(call.caller.actor()),
        action: Action::CreateDashboard,
        // Completed by the id that the database assigns.
        subject: "dashboard:".to_owned(),
        outcome: format!("team {}", new.team_id),
    };
    let database = call.services.database()?;
    let id = insert_dashboard(&database, new.team_id, name, &entry);
    let body = Body {
        id: id.await?,
        team_id: new.team_id,
        name,
    };
    Ok(Reply::json(StatusCode::CREATED, &body).no_store())
}
