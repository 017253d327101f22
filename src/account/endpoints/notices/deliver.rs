//! `POST /admin/notices/{noticeId}/deliver`: tries a notice again now.

use http::StatusCode;

use crate::account::endpoints::notices;
use crate::account::store::hasten_notice;
use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{Answer, ErrorAnswer, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/notices/{noticeId}/deliver",
    "deliverNotice",
    handler!(handle: Admin, (Role::Support, SignIn::AnyTime)),
);

fn unknown() -> ApiError {
    ApiError::not_found("No such notice: it was delivered, has expired or was dropped")
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let id = call.path("noticeId")?;
    notices::require_receiver(&call.services)?;
    let entry = call.entry(Action::DeliverNotice, "", format!("{id} is due now"));
    if hasten_notice(&call.services.database()?, id, &entry).await? {
        Ok(Reply::empty(StatusCode::ACCEPTED))
    } else {
        Err(unknown())
    }
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Notices",
        "Delivers a notice now",
        "It is sent right after this answer, whatever its next attempt was due. Whether that went well tells \
         listNotices: what was delivered is gone.",
    )
    .parameter(notices::openapi_id())
    .answer(Answer::empty(202, "It is on its way."))
    .error(ErrorAnswer::new(
        "UnknownNotice",
        "No such notice.",
        [("unknown", unknown())],
    ))
    .error(notices::openapi_no_receiver())
}
