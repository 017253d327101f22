//! `DELETE /admin/notices/{noticeId}`: deletes a notice undelivered. Safe to repeat.

use http::StatusCode;

#[cfg(test)]
use crate::account::endpoints::notices;
use crate::account::store::drop_notice;
use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::delete(
    "/admin/notices/{noticeId}",
    "dropNotice",
    handler!(handle: Admin, (Role::Support, SignIn::AnyTime)),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let id = call.path("noticeId")?;
    let entry = call.entry(Action::DropNotice, "", format!("{id} was not delivered"));
    drop_notice(&call.services.database()?, id, &entry).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Notices",
        "Drops a notice",
        "The person is not told. The trail keeps that it was dropped, and by whom. Also 204 when it is gone already.",
    )
    .parameter(notices::openapi_id())
    .answer(Answer::empty(204, "There is no such notice (any more)."))
}
