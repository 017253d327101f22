//! `POST /console/sessions/end`: signs out everywhere.

use http::StatusCode;

use super::cookies;
use crate::kernel::audit::Action;
use crate::operators::store::end_sessions;
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, Session, handler};

pub const ROUTE: Route = Route::post(
    "/console/sessions/end",
    "endOwnSessions",
    handler!(handle: Session),
);

async fn handle(call: Call<Session>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let entry = call.entry(Action::EndSession, "signed out everywhere");
    let operator = call.caller.operator().id.as_str();
    end_sessions(&call.services.database()?, operator, &entry).await?;
    cookies::signed_out(Reply::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Console",
        "Signs out everywhere",
        "All sessions of the operator end, this one too.",
    )
    .answer(Answer::empty(204, "The sessions have ended.").no_store())
}
