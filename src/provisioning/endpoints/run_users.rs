//! `GET /admin/threedeye/backfill/runs/{runId}/users`: what became of each user of a list, a page at a time.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
#[cfg(test)]
use serde_json::json;

use crate::auth::SignIn;
use crate::kernel::Timestamp;
#[cfg(test)]
use crate::kernel::UserId;
use crate::operators::Role;
use crate::provisioning::bulk::UserState;
use crate::provisioning::endpoints::run;
#[cfg(test)]
use crate::provisioning::policy::MAX_BULK_USERS;
use crate::provisioning::store::bulk::{BulkUserRow, list_bulk_users};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Parameter, Spec, example};
use crate::web::page::Limit;
use crate::web::{ApiError, Call, Reply, Route, handler};

/// Far behind the last entry of any list.
const MAX_AFTER: u32 = 1_000_000;

pub const ROUTE: Route = Route::get(
    "/admin/threedeye/backfill/runs/{runId}/users",
    "listRunUsers",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// Entries of the list that a run is over, in its order.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "RunUsers"))]
struct Body {
    /// None of a run that is over what is due, and not over a list.
    #[cfg_attr(test, schemars(length(max = MAX_BULK_USERS)))]
    users: Vec<UserPart>,
    /// `after` of the next page; null: there is none.
    next: Option<u32>,
}

/// What became of one entry.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "RunUser"))]
struct UserPart {
    /// Its place in the list as it was sent; where more than one entry names the user, the first.
    #[cfg_attr(test, schemars(range(min = 1, max = MAX_BULK_USERS)))]
    entry: u32,
    /// Null: the entry names no user, or more than one.
    #[cfg_attr(test, schemars(with = "Option<UserId>"))]
    user_id: Option<String>,
    /// refused: nothing was done, as the single act would have refused it. failed: it is not known to be done to its
    /// end. skipped: the run ended before its turn came.
    #[cfg_attr(test, schemars(extend("enum" = UserState::ALL.map(UserState::as_str))))]
    state: String,
    /// Why it is not done, as a word.
    reason: Option<String>,
    /// What was done, or why not.
    outcome: Option<String>,
    ended_at: Option<Timestamp>,
}

impl From<BulkUserRow> for UserPart {
    fn from(row: BulkUserRow) -> Self {
        Self {
            entry: row.n,
            user_id: row.user_id,
            state: row.state,
            reason: row.reason,
            outcome: row.outcome,
            ended_at: row.ended_at,
        }
    }
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["limit", "after", "state"])?;
    let limit = Limit::of(&query)?;
    let after = query.count("after", 0, MAX_AFTER)?;
    let states = UserState::ALL.map(|state| (state.as_str(), Some(state.as_str())));
    let state = query.choice("state", None, &states)?;
    let database = call.services.database()?;
    let run = call.path("runId")?;
    let rows = list_bulk_users(&database, run, after, state, limit.to_read()).await?;
    let (rows, next) = limit.cut(rows.ok_or_else(run::not_found)?, |row| row.n);
    let body = Body {
        users: rows.into_iter().map(Into::into).collect(),
        next,
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "3dEye support",
        "What became of each user of a list",
        "Of a run that `bulk` started, in the order of its list, a page at a time.",
    )
    .parameter(run::openapi_run_id())
    .parameter(Limit::openapi("Entries to list at most."))
    .parameter(Parameter::query(
        "after",
        "Only entries behind this one: `next` of the page before.",
        json!({ "type": "integer", "minimum": 1, "maximum": MAX_AFTER }),
    ))
    .parameter(Parameter::query(
        "state",
        "Only entries that stand so.",
        json!({ "type": "string", "enum": UserState::ALL.map(UserState::as_str) }),
    ))
    .answer(
        spec.json::<Body>(200, "A page of the list.")
            .no_store()
            .example("users", example!({
                "users": [
                    {
                        "entry": 1,
                        "userId": "00000000-0000-4000-8000-000000000001",
                        "state": "done",
                        "reason": null,
                        "outcome": "reset; deleted account 11111111-1111-4111-8111-111111111111",
                        "endedAt": "2026-11-21T10:30:01.250Z"
                    },
                    {
                        "entry": 2,
                        "userId": null,
                        "state": "refused",
                        "reason": "no_user",
                        "outcome": "User not found",
                        "endedAt": "2026-11-21T10:30:00.000Z"
                    }
                ],
                "next": null
            })),
    )
    .error(run::openapi_not_found())
}
