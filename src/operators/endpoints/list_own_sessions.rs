//! `GET /console/sessions`: where one is signed in.

use http::StatusCode;

#[cfg(test)]
use super::representation;
use super::representation::Sessions;
use crate::operators::store::list_sessions;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, Session, handler};

pub const ROUTE: Route = Route::get(
    "/console/sessions",
    "listOwnSessions",
    handler!(handle: Session),
);

async fn handle(call: Call<Session>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let database = call.services.database()?;
    let own = &call.caller;
    let rows = list_sessions(&database, &own.operator().id, call.now()).await?;
    let body = Sessions::of(rows, Some(own.id_hash()));
    Ok(Reply::json(StatusCode::OK, &body))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Console",
        "Lists one's own sessions",
        "Those that are open, newest first.",
    )
    .answer(
        spec.json::<Sessions>(200, "The sessions.")
            .no_store()
            .example("sessions", representation::example()),
    )
}
