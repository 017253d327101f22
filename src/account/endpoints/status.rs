//! `GET /api/users/{uuid}/two_factor_status`: the state of the second factor.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::account::BackupCode;
#[cfg(test)]
use crate::account::endpoints::openapi;
use crate::account::store::{TwoFactorStatus, read_two_factor_status};
use crate::auth::Scope;
use crate::auth::store::touch_api_key;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::caller::AuthorizedAccount;
use crate::account::endpoints::code::is_proved;
use crate::account::endpoints::{Access, AccountCaller};

// Of a key it writes when it was last used.
pub const ROUTE: Route = Route::get_only(
    "/api/users/{uuid}/two_factor_status",
    "getTwoFactorStatus",
    handler!(handle: AccountCaller, (Scope::UserVerify, Access::Read)),
);

/// How an account is protected.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "TwoFactorStatus"))]
struct Body {
    /// Whether a second factor is on.
    is_enabled: bool,
    /// The unused backup codes; empty unless oneself has just shown the second factor.
    #[cfg_attr(test, schemars(with = "Vec<BackupCode>", extend("maxItems" = 10)))]
    backup_codes: Vec<String>,
    /// How many backup codes are unused.
    #[cfg_attr(test, schemars(range(max = 10)))]
    backup_codes_remaining: usize,
    /// The kind of second factor; null: none is on.
    #[cfg_attr(test, schemars(extend("enum" = ["TOTP", null])))]
    method: Option<&'static str>,
    /// There are no passkeys here.
    #[cfg_attr(test, schemars(extend("const" = false)))]
    has_passkeys: bool,
    /// The same as is_enabled.
    has_totp: bool,
    /// Whether updateUser set it.
    passkeys_enabled_for_2fa: bool,
}

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let (selector, now) = (call.caller.select(call.path("uuid")?)?, call.now());
    let database = call.services.database()?;
    let lookup = read_two_factor_status(&database, &selector, call.caller.api_key()).await?;
    let account = call.caller.authorize(&selector, lookup)?;
    if let Some(key) = &account.api_key {
        touch_api_key(&database, key, now).await?;
    }
    let status = &account.details;
    let is_on = status.factor.is_on();
    let body = Body {
        is_enabled: is_on,
        backup_codes: if may_see_codes(&call, &account) {
            codes(&call, &account)?
        } else {
            Vec::new()
        },
        backup_codes_remaining: status.more.codes.len(),
        method: is_on.then_some("TOTP"),
        // This service knows no passkeys.
        has_passkeys: false,
        has_totp: is_on,
        passkeys_enabled_for_2fa: status.more.passkeys_enabled,
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

/// Not in a session that was left open, nor without the second factor that they stand in for; and never staff
/// and programs.
fn may_see_codes(call: &Call<AccountCaller>, account: &AuthorizedAccount<TwoFactorStatus>) -> bool {
    let policy = call.services.config.factor_proof;
    match &call.caller {
        AccountCaller::Person(person) => {
            account.is_own && person.is_recent() && is_proved(person, account, policy)
        }
        AccountCaller::Key { .. } => false,
    }
}

/// A code that no configured key opens is counted but not shown; its hash is not found either.
fn codes(
    call: &Call<AccountCaller>,
    account: &AuthorizedAccount<TwoFactorStatus>,
) -> Result<Vec<String>, ApiError> {
    let codes = &account.details.more.codes;
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let sealer = call.services.sealer()?;
    let open = codes.iter().filter_map(|sealed| {
        let code = BackupCode::open(sealed, account.user(), sealer);
        code.ok().map(|code| code.shown())
    });
    Ok(open.collect())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Account security",
        "Whether a second factor is on",
        "A key with the scope user:verify may ask too, so that a sign-in service knows whether to ask \
         for a code. Backup codes are shown to oneself alone: authenticated within the last 2 h, with \
         `mfa` in the `amr` claim or TWO_FACTOR_DISABLE=recent. Support sees the status of others.",
    )
    .parameter(openapi::uuid())
    .answer(spec.json::<Body>(200, "The status.").example(
        "on",
        example!({
            "is_enabled": true,
            "backup_codes": ["aaaa-bbbb-cccc-dddd"],
            "backup_codes_remaining": 1,
            "method": "TOTP",
            "has_passkeys": false,
            "has_totp": true,
            "passkeys_enabled_for_2fa": false
        }),
    ))
}
