//! `POST /admin/dashboards`: makes a dashboard, which people can choose for a scene.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::TeamId;
use crate::account::store::insert_dashboard;
use crate::auth::SignIn;
use crate::kernel::Clock as _;
use crate::kernel::audit::{Action, Entry};
use crate::operators::Role;
use crate::web::caller::Admin;
use crate::web::fields;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/dashboards",
    "createDashboard",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

/// The dashboard to make.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CreateDashboard"))]
struct NewDashboard {
    team_id: TeamId,
    /// 1 to 200 characters once white space around them is cut off, without control and invisible
    /// characters. The joiners of emoji and Persian may follow others.
    #[cfg_attr(test, schemars(length(min = 1), regex(pattern = fields::words_pattern(fields::MAX_NAME_CHARS))))]
    name: String,
}

/// A dashboard.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Dashboard"))]
struct Body<'a> {
    /// Its id, never given out twice.
    #[cfg_attr(test, schemars(range(min = 1)))]
    id: u64,
    team_id: TeamId,
    /// A name as the request has it, without white space around it.
    #[cfg_attr(test, schemars(length(min = 1, max = 200)))]
    name: &'a str,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
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

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Teams",
        "Makes a dashboard",
        "People of the team may then choose it for a scene. White space around the name is cut off. \
         Each request makes another one, also under the same name.",
    )
    .body(
        spec.body::<NewDashboard>()
            .example("frontDoor", example!({ "teamId": 7, "name": "Front door" })),
    )
    .answer(
        spec.json::<Body>(201, "The new dashboard.")
.link_with_body("personaliseScene", [("uuid", "@me")], example!({ "scene": "Home", "dashboard": "$response.body#/id" }))
            .no_store()
            .example("created", example!({ "id": 1, "teamId": 7, "name": "Front door" })),
    )
}
