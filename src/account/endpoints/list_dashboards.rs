//! `GET /admin/dashboards`: the dashboards, of all teams or of one, a page at a time.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
#[cfg(test)]
use serde_json::json;

use crate::account::TeamId;
use crate::account::store::{DashboardRow, list_dashboards};
use crate::auth::SignIn;
#[cfg(test)]
use crate::kernel::number::MAX_SAFE_INTEGER;
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Parameter, Spec, example};
use crate::web::page::Limit;
use crate::web::personal_data::PersonalData;
use crate::web::query::Query;
use crate::web::{ApiError, Call, Reply, Route, handler};

const MAX_LIMIT: u32 = 200;

pub const ROUTE: Route = Route::get(
    "/admin/dashboards",
    "listDashboards",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// A page of dashboards.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Dashboards"))]
struct Body {
    #[cfg_attr(test, schemars(length(max = MAX_LIMIT)))]
    dashboards: Vec<DashboardRow>,
    /// What to send as `after` for the next page; null: there is none.
    next: Option<u64>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["teamId", "limit", "after"])?;
    let limit = Limit::up_to(&query, MAX_LIMIT)?;
    let team = number(&query, "teamId")?.and_then(TeamId::new);
    let after = number(&query, "after")?.unwrap_or(0);
    let database = call.services.database()?;
    let dashboards = list_dashboards(&database, team, after, limit.to_read()).await?;
    let (mut dashboards, next) = limit.cut(dashboards, |dashboard| dashboard.id);
    let data = PersonalData::for_caller(&call.caller);
    for dashboard in &mut dashboards {
        dashboard.name = data.text(std::mem::take(&mut dashboard.name));
    }
    let body = Body { dashboards, next };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

/// An id: a whole number from 1 to 2^53 - 1.
fn number(query: &Query, name: &str) -> Result<Option<i64>, ApiError> {
    let Some(text) = query.text(name) else {
        return Ok(None);
    };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let number = text.parse().ok().filter(|_| is_plain);
    let is_id = |number: &i64| TeamId::new(*number).is_some();
    let number = number
        .filter(is_id)
        .ok_or_else(|| ApiError::bad_request(format!("{name}: must be an id, a whole number")));
    number.map(Some)
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    let after = json!({ "type": "integer", "minimum": 1, "maximum": MAX_SAFE_INTEGER });
    OperationDoc::new(
        "Teams",
        "Lists dashboards",
        "By id, a page at a time, of all teams or of one. To a session of the console e-mails and phone numbers in \
         names are masked.",
    )
    .parameter(spec.query::<TeamId>("teamId", "Only dashboards of this team."))
    .parameter(Limit::openapi_up_to("Dashboards to list at most.", MAX_LIMIT))
    .parameter(Parameter::query(
        "after",
        "Only dashboards whose id comes after this one: `next` of the page before.",
        after,
    ))
    .answer(
        spec.json::<Body>(200, "The dashboards.")
            .no_store()
            .example(
                "frontDoor",
                example!({
                    "dashboards": [{
                        "id": 1,
                        "teamId": 7,
                        "name": "Front door",
                        "createdAt": "2026-11-21T10:30:00.000Z"
                    }],
                    "next": null
                }),
            ),
    )
}
