//! `PUT /admin/users/{userId}/team`: puts a user into a team. Safe to repeat.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::TeamId;
use crate::account::store::assign_team;
use crate::auth::SignIn;
use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Clock as _, UserId};
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, errors, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, handler};

pub const ROUTE: Route = Route::put(
    "/admin/users/{userId}/team",
    "assignTeam",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

/// The team.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "AssignTeam"))]
struct TeamAssignment {
    team_id: TeamId,
}

/// Who is in which team.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "TeamMembership"))]
struct Body<'a> {
    user_id: &'a UserId,
    team_id: TeamId,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
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
        return Err(ApiError::unknown_user());
    }
    let body = Body {
        user_id: &user,
        team_id,
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Teams",
        "Puts a user into a team",
        "In place of the one the user was in. Needs a sign-in of the last 2 h (403). Safe to repeat.",
    )
    .parameter(spec.user_id())
    .body(
        spec.body::<TeamAssignment>()
            .example("seven", example!({ "teamId": 7 })),
    )
    .answer(
        spec.json::<Body>(200, "The user is in the team.")
            .link(
                "getThreeDeyeCredentials",
                [("userId", "$request.path.userId")],
            )
            .no_store()
            .example(
                "assigned",
                example!({ "userId": "00000000-0000-4000-8000-000000000001", "teamId": 7 }),
            ),
    )
    .error(errors::unknown_user())
}
