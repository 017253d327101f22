//! `GET /admin/operators/{operatorId}/sessions`: where an operator is signed in.

use http::StatusCode;

use super::list_operators::unknown;
#[cfg(test)]
use super::representation;
use super::representation::Sessions;
use crate::auth::SignIn;
use crate::operators::Role;
use crate::operators::store::{list_sessions, operator_by_id};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/operators/{operatorId}/sessions",
    "listOperatorSessions",
    handler!(handle: Admin, (Role::Admin, SignIn::AnyTime)),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let id = call.path("operatorId")?;
    let database = call.services.database()?;
    let rows = list_sessions(&database, id, call.now()).await?;
    if rows.is_empty() && operator_by_id(&database, id, call.now()).await?.is_none() {
        return Err(unknown());
    }
    let current = match &call.caller {
        Admin::Operator(session) => Some(session.id_hash()),
        Admin::Pair(_) => None,
    };
    Ok(Reply::json(StatusCode::OK, &Sessions::of(rows, current)))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Operators",
        "Lists an operator's sessions",
        "Those that are open, newest first.",
    )
    .parameter(representation::operator_id())
    .answer(
        spec.json::<Sessions>(200, "The sessions.")
            .no_store()
            .example("sessions", representation::example()),
    )
    .error(representation::unknown_operator())
}
