//! `PATCH /api/users/cancel_email_change_request`: cancels a change of e-mail.

use crate::account::store;
use crate::kernel::audit::Action;
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::representation::full_user;
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::patch(
    "/api/users/cancel_email_change_request",
    "cancelEmailChange",
    handler!(handle: AccountCaller, Requirements::RECENT),
);

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.own();
    let now = call.now();
    let database = call.services.database()?;
    let lookup = store::read_user(&database, &selector, now).await?;
    let account = call.caller.authorize(&selector, lookup, now)?;
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
