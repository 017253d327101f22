//! `DELETE /admin/operators/{operatorId}/sessions`: signs an operator out everywhere.

use http::StatusCode;

use super::list_operators::unknown;
#[cfg(test)]
use super::representation;
use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::operators::store::{end_sessions, operator_by_id};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::delete(
    "/admin/operators/{operatorId}/sessions",
    "endOperatorSessions",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let id = call.path("operatorId")?;
    let database = call.services.database()?;
    if operator_by_id(&database, id, call.now()).await?.is_none() {
        return Err(unknown());
    }
    let entry = call.entry(Action::EndSession, id, "signed out by an administrator");
    end_sessions(&database, id, &entry).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Operators",
        "Signs an operator out everywhere",
        "At once. They may sign in again.",
    )
    .parameter(representation::operator_id())
    .answer(Answer::empty(204, "The operator has no open session."))
    .error(representation::unknown_operator())
}
