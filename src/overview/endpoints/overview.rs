//! `GET /admin/overview`: how the service stands.

use http::StatusCode;

use crate::auth::SignIn;
use crate::operators::Role;
use crate::overview::standing::{Overview, read_overview};
use crate::provisioning::policy::died_before;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/overview",
    "getOverview",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let now = call.now();
    let overview: Overview = match call.services.recent_overview(now) {
        Some(overview) => overview,
        None => {
            let database = call.services.database()?;
            let overview = read_overview(&database, now, died_before(now)).await?;
            call.services.keep_overview(overview.clone());
            overview
        }
    };
    Ok(Reply::json(StatusCode::OK, &overview))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Overview",
        "How the service stands",
        "What waits and what needs a person, counted up to 1,000, and the run that is under way.",
    )
    .answer(
        spec.json::<Overview>(200, "How it stands.")
            .no_store()
            .example(
                "overview",
                example!({
                    "waiting": { "count": 12, "more": false },
                    "due": { "count": 3, "more": false },
                    "failing": { "count": 2, "more": false },
                    "attaching": { "count": 0, "more": false },
                    "quarantined": { "count": 1, "more": false },
                    "setAside": { "count": 1, "more": false },
                    "noticesWaiting": { "count": 1000, "more": true },
                    "noticesFailing": { "count": 0, "more": false },
                    "lockedOut": { "count": 0, "more": false },
                    "oldestDueAt": "2026-11-21T10:15:00.000Z",
                    "run": {
                        "runId": "run_01JZX0000000000000000000EX",
                        "trigger": "cron",
                        "mode": "queue",
                        "total": 500,
                        "created": 120,
                        "failed": 2,
                        "skipped": 0,
                        "startedAt": "2026-11-21T10:30:00.000Z"
                    },
                    "paused": false,
                    "totals": { "day": "2026-11-21T00:00:00.000Z", "users": 4012, "complete": 3998 },
                    "at": "2026-11-21T10:31:07.000Z"
                }),
            ),
    )
}
