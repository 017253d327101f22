//! `GET /api/users/{uuid}/two_factor_status`: the state of the second factor.

use http::StatusCode;
use serde::Serialize;

use crate::account::BackupCode;
use crate::account::store::{TwoFactorStatus, read_two_factor_status};
use crate::kernel::Purpose;
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::caller::AuthorizedAccount;
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::get(
    "/api/users/{uuid}/two_factor_status",
    "getTwoFactorStatus",
    handler!(handle: AccountCaller, Requirements::NONE),
);

#[derive(Serialize)]
struct Body {
    is_enabled: bool,
    backup_codes: Vec<String>,
    backup_codes_remaining: usize,
    method: Option<&'static str>,
    has_passkeys: bool,
    has_totp: bool,
    passkeys_enabled_for_2fa: bool,
}

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.select(call.uuid()?)?;
    let now = call.now();
    let database = call.services.database()?;
    let lookup = read_two_factor_status(&database, &selector).await?;
    let account = call.caller.authorize(&selector, lookup, now)?;
    let status = &account.details;
    let is_on = status.factor.is_on();
    // Not shown in a session that was left open, and never to staff.
    let may_see = account.is_own && call.caller.is_recent(now);
    let body = Body {
        is_enabled: is_on,
        backup_codes: if may_see {
            codes(&call, &account)?
        } else {
            Vec::new()
        },
        backup_codes_remaining: status.codes.len(),
        method: is_on.then_some("TOTP"),
        // This service knows no passkeys.
        has_passkeys: false,
        has_totp: is_on,
        passkeys_enabled_for_2fa: status.passkeys_enabled,
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

/// A code that no configured key opens is counted but not shown; its hash is not found either.
fn codes(
    call: &Call<AccountCaller>,
    account: &AuthorizedAccount<TwoFactorStatus>,
) -> Result<Vec<String>, ApiError> {
    let codes = &account.details.codes;
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let sealer = call.services.sealer()?;
    let open = codes.iter().filter_map(|sealed| {
        let code = sealer.open(Purpose::BackupCode, account.user(), sealed);
        code.ok().map(|code| BackupCode::from_sealed(code).shown())
    });
    Ok(open.collect())
}
