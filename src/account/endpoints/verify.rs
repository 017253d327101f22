//! `POST /api/users/{uuid}/two_factor_verify`: accepts a code of the second factor, once. The sign-in service
//! calls it, with an API key.

use http::StatusCode;
use serde::Serialize;

use crate::account::store::{CodeKind, read_second_factor};
use crate::account::{AuditContext, CodeCheck, SecondFactor};
use crate::auth::Scope;
use crate::db::Database;
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::caller::AuthorizedAccount;
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/two_factor_verify",
    "verifyTwoFactor",
    handler!(handle: AccountCaller, Requirements::key(Scope::UserVerify)),
);

/// The most characters of a code, as it is typed.
pub const MAX_CODE_CHARS: usize = 128;

#[derive(Serialize)]
struct Body {
    success: bool,
    method: &'static str,
}

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.select(call.uuid()?)?;
    let now = call.now();
    let database = call.services.database()?;
    let lookup = read_second_factor(&database, &selector, call.caller.key_hash()).await?;
    let account = call.caller.authorize(&selector, lookup, now)?;
    let fields = call.fields()?;
    let token = fields.text("token", MAX_CODE_CHARS)?;
    let audit = account.audit(&call, now);
    let check = code_check(&call, &database, &account, &audit);
    let body = Body {
        success: true,
        method: match check.accept(token).await? {
            CodeKind::Totp => "totp",
            CodeKind::Backup => "backup_code",
        },
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

/// The check of the codes that a request presents.
pub(crate) fn code_check<'a>(
    call: &'a Call<AccountCaller>,
    database: &'a Database,
    account: &'a AuthorizedAccount<SecondFactor>,
    audit: &'a AuditContext,
) -> CodeCheck<'a> {
    CodeCheck {
        database,
        sealer: call.services.config.sealer.as_ref(),
        random: &call.services.random,
        person: &account.person,
        factor: &account.details,
        audit,
        api_key: account.api_key.as_ref(),
        disable: None,
    }
}
