//! `POST /admin/notices/deliver`: tries many notices again now.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::endpoints::notices;
#[cfg(test)]
use crate::account::store::MAX_HASTENED;
use crate::account::store::hasten_notices;
use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::request::CallWithBody;
use crate::web::{ApiError, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/notices/deliver",
    "deliverNotices",
    handler!(handle: Admin, (Role::Support, SignIn::AnyTime)),
);

/// Which notices are to be delivered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "NoticeDelivery"))]
struct RequestBody {
    /// waiting: all of them. failing: those that were tried before.
    state: NoticeState,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
enum NoticeState {
    Waiting,
    Failing,
}

/// What was made due.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "NoticesDue"))]
struct ResponseBody {
    /// Notices that are due now and were not before. If it is 1,000 there may be more.
    #[cfg_attr(test, schemars(range(max = MAX_HASTENED)))]
    due: u32,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let body: RequestBody = call.body()?;
    notices::require_receiver(&call.services)?;
    let (failing, subject) = match body.state {
        NoticeState::Waiting => (false, "notices:waiting"),
        NoticeState::Failing => (true, "notices:failing"),
    };
    let entry = call.entry(Action::DeliverNotice, subject, "due now");
    let due = hasten_notices(&call.services.database()?, failing, &entry).await?;
    Ok(Reply::json(StatusCode::ACCEPTED, &ResponseBody { due }))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Notices",
        "Delivers many notices now",
        "Makes up to 1,000 notices due, those that would have waited longest for last. The first 50 are sent right after \
         this answer, the others by the scheduled runs, 50 at a time.",
    )
    .body(spec.body::<RequestBody>().example("failing", example!({ "state": "failing" })))
    .answer(
        spec.json::<ResponseBody>(202, "They are on their way.")
            .no_store()
            .example("due", example!({ "due": 12 })),
    )
    .error(notices::openapi_no_receiver())
}
