//! `POST /console/session/end`: signs out.

use http::StatusCode;

use super::cookies;
use crate::kernel::audit::Action;
use crate::operators::store::end_session;
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, Session, handler};

pub const ROUTE: Route = Route::post(
    "/console/session/end",
    "endSession",
    handler!(handle: Session),
);

async fn handle(call: Call<Session>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let entry = call.entry(Action::EndSession, "signed out");
    let database = call.services.database()?;
    end_session(&database, call.caller.id_hash(), &entry).await?;
    cookies::signed_out(Reply::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Console",
        "Signs out",
        "The session is gone, its cookie is cleared, and so is what the browser keeps of the console.",
    )
    .answer(Answer::empty(204, "The session has ended.").no_store())
}
