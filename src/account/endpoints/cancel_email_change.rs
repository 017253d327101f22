//! `PATCH /api/users/cancel_email_change_request`: cancels the caller's change of e-mail; and with a user in the path,
//! for support, of any account. A take-over may have left a token in the wrong hands.

#[cfg(test)]
use crate::account::endpoints::{openapi, representation};
use crate::account::store;
use crate::kernel::audit::Action;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::representation::full_user;
use crate::account::endpoints::{Access, PersonCaller};

pub const ROUTE: Route = route(
    "/api/users/cancel_email_change_request",
    "cancelEmailChange",
);

/// The same for any user.
pub const OF_USER: Route = route(
    "/api/users/{uuid}/cancel_email_change_request",
    "cancelEmailChangeOfUser",
);

const fn route(path: &'static str, operation: &'static str) -> Route {
    Route::patch(
        path,
        operation,
        handler!(handle: PersonCaller, Access::Sensitive),
    )
}

async fn handle(call: Call<PersonCaller>) -> Result<Reply, ApiError> {
    let selector = match call.input.params.get("uuid") {
        Some(user) => call.caller.select(user)?,
        None => call.caller.own(),
    };
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
    let is_of_user = spec.route.path == OF_USER.path;
    let summary = if is_of_user {
        "Gives up a user's change of e-mail"
    } else {
        "Gives up the change of e-mail"
    };
    let doc = OperationDoc::new(
        "Account security",
        summary,
        "The token of the pending e-mail is dead. None pending: 400 email_change_request_not_found. \
         Needs a recent authentication (403). A body is ignored.",
    );
    let doc = match is_of_user {
        true => doc.parameter(openapi::uuid()),
        false => doc,
    };
    doc.answer(
        spec.json::<representation::FullUserBody>(200, "The user; pending_email is null.")
            .example(
                "jane",
                representation::example_user().with("pending_email", serde_json::Value::Null),
            ),
    )
    .error(openapi::bad_request())
}
