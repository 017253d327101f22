//! `POST /api/users/{uuid}/two_factor_validate`: turns the second factor on by its first code. As
//! with its start, the set-up is the caller's own, also where staff name another user in the path.

use crate::account::store::read_second_factor_and_existence;
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::problem::no_account;
use crate::account::endpoints::representation::success;
use crate::account::endpoints::verify::{MAX_CODE_CHARS, code_check};
use crate::account::endpoints::{AccountCaller, Requirements};

/// The route.
pub const ROUTE: Route = route("/api/users/{uuid}/two_factor_validate", "validateTwoFactor");

/// The same under its earlier name.
pub const ALIAS: Route = route("/api/users/{uuid}/validate_2fa", "validateTwoFactorAlias");

const fn route(path: &'static str, operation: &'static str) -> Route {
    Route::post(
        path,
        operation,
        handler!(handle: AccountCaller, Requirements::RECENT),
    )
}

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let named = call.caller.select(call.uuid()?)?;
    let selector = call.caller.own();
    let now = call.now();
    let database = call.services.database()?;
    let (lookup, exists) = read_second_factor_and_existence(&database, &selector, &named).await?;
    let account = call.caller.authorize(&selector, lookup, now)?;
    if !exists {
        return Err(no_account());
    }
    let fields = call.fields()?;
    let token = fields.text("token", MAX_CODE_CHARS)?;
    let audit = account.audit(&call, now);
    let check = code_check(&call, &database, &account, &audit);
    check.validate_setup(token).await?;
    Ok(success())
}
