//! `PUT /admin/users/{userId}/team`: puts a user into a team. Safe to repeat.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::account::TeamId;
use crate::account::store::assign_team;
use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Clock as _, UserId};
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::put(
    "/admin/users/{userId}/team",
    "assignTeam",
    handler!(handle: Admin),
);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TeamAssignment {
    team_id: TeamId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    user_id: &'a UserId,
    team_id: TeamId,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    let TeamAssignment { team_id } = call.body()?;
    let entry = Entry {
        at: call.services.clock.now(),
        origin: call.origin(call.caller.actor()),
        action: Action::AssignTeam,
        subject: user.to_string(),
        outcome: format!("team {team_id}"),
    };
    let database = call.services.database()?;
    if !assign_team(&database, &user, team_id, &entry).await? {
        return Err(ApiError::not_found("User not found"));
    }
    let body = Body {
        user_id: &user,
        team_id,
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}
