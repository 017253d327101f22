//! `PATCH /api/users/cancel_email_change_request`: gives up the e-mail asked for.

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
    let whose = call.caller.own();
    let now = call.now();
    let database = call.services.database()?;
    let visit = database.full_user(&whose, now).await?;
    let admitted = call.caller.admit(&whose, visit, now)?;
    if admitted.account.pending_email.is_none() {
        return Err(not_found());
    }
    let entry = admitted.entry(&call, Action::CancelEmailChange, "given up", now);
    let user = database
        .cancel_email_change(admitted.user(), &entry)
        .await?;
    user.map(|user| full_user(&user)).ok_or_else(not_found)
}

fn not_found() -> ApiError {
    ApiError::bad_request("No active email change requests found.")
        .coded("email_change_request_not_found")
}
