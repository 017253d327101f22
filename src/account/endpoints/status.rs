//! `GET /api/users/{uuid}/two_factor_status`: how the second factor stands.

use http::StatusCode;
use serde::Serialize;

use crate::account::BackupCode;
use crate::account::store::TwoFactorStatus;
use crate::kernel::Purpose;
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::caller::Admitted;
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
    let whose = call.caller.whose(call.uuid()?)?;
    let now = call.now();
    let database = call.services.database()?;
    let visit = database.two_factor_status(&whose).await?;
    let admitted = call.caller.admit(&whose, visit, now)?;
    let status = &admitted.account;
    let is_on = status.factor.is_on();
    // Whoever finds an open session must not find the codes in it; nor do staff ever.
    let may_see = admitted.is_own && call.caller.is_recent(now);
    let body = Body {
        is_enabled: is_on,
        backup_codes: if may_see {
            codes(&call, &admitted)?
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

/// What no key opens any more cannot be found by its hash either: it counts, and is not shown.
fn codes(
    call: &Call<AccountCaller>,
    admitted: &Admitted<TwoFactorStatus>,
) -> Result<Vec<String>, ApiError> {
    let codes = &admitted.account.codes;
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let sealer = call.services.sealer()?;
    let open = codes.iter().filter_map(|sealed| {
        let code = sealer.open(Purpose::BackupCode, admitted.user(), sealed);
        code.ok().map(|code| BackupCode::from_sealed(code).shown())
    });
    Ok(open.collect())
}
