//! `PATCH /api/users/cancel_email_change_request`: cancels a change of e-mail.

#[cfg(test)]
use crate::account::endpoints::{openapi, representation};
use crate::account::store;
use crate::kernel::audit::Action;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::representation::full_user;
use crate::account::endpoints::{Access, PersonCaller};

pub const ROUTE: Route = Route::patch(
    "/api/users/cancel_email_change_request",
    "cancelEmailChange",
    handler!(handle: PersonCaller, Access::Sensitive),
);

async fn handle(call: Call<PersonCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.own();
    let now = call.now();
    let database = call.services.database()?;
    let user = store::read_user(&database, &selector, now).await?;
    let account = call.caller.authorize(user)?;
    if account.details.pending_email.is_none() {
        return Err(not_found());
    }
    let entry = account
        .audit(&call, now)
        .entry(Action::CancelEmailChange, "given up");
    let user = store::cancel_email_change(&database, account.user(), &entry).await?;
    user.map(|user| full_user(&user.person, user.details))
        .ok_or_else(not_found)
}

fn not_found() -> ApiError {
    ApiError::bad_request("No active email change requests found.")
        .coded("email_change_request_not_found")
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Account security",
        "Gives up the change of e-mail",
        "The token of the pending e-mail is dead. None pending: 400 email_change_request_not_found. \
         Needs a recent authentication (403). A body is ignored.",
    )
    .answer(
        spec.json::<representation::FullUserBody>(200, "The user; pending_email is null.")
            .example("jane", representation::example_user().with("pending_email", serde_json::Value::Null)),
    )
    .error(openapi::bad_request())
}
