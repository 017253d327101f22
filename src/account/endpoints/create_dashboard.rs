//! `POST /admin/dashboards`: makes a dashboard, for people to choose for a scene.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::account::TeamId;
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

/// The body of the request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wish {
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
    let wish: Wish = call.body()?;
    let name = fields::name(&wish.name)?;
    let entry = Entry {
        at: call.services.clock.now(),
        origin: call.origin(call.caller.actor()),
        action: Action::CreateDashboard,
        // The database completes it with the id that it gives.
        subject: "dashboard:".to_owned(),
        outcome: format!("team {}", wish.team_id),
    };
    let database = call.services.database()?;
    let id = database.insert_dashboard(wish.team_id, name, &entry);
    let body = Body {
        id: id.await?,
        team_id: wish.team_id,
        name,
    };
    Ok(Reply::json(StatusCode::CREATED, &body).no_store())
}
