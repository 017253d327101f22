//! `GET /api/users/{uuid}`: the full user.

use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::representation::full_user;
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::get(
    "/api/users/{uuid}",
    "getUser",
    handler!(handle: AccountCaller, Requirements::NONE),
);

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let whose = call.caller.whose(call.uuid()?)?;
    let now = call.now();
    let visit = call.services.database()?.full_user(&whose, now).await?;
    let admitted = call.caller.admit(&whose, visit, now)?;
    Ok(full_user(&admitted.account))
}
