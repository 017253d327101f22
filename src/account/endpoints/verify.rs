//! `POST /api/users/{uuid}/two_factor_verify`: whether a code is good, and from then on it is not.
//! The sign-in service asks with an API key.

use http::StatusCode;
use serde::Serialize;

use crate::auth::Scope;
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::proof::{MAX_CODE_CHARS, Method, Proving};
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/two_factor_verify",
    "verifyTwoFactor",
    handler!(handle: AccountCaller, Requirements::key(Scope::UserVerify)),
);

#[derive(Serialize)]
struct Body {
    success: bool,
    method: &'static str,
}

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let whose = call.caller.whose(call.uuid()?)?;
    let now = call.now();
    let database = call.services.database()?;
    let visit = database.factor(&whose, call.caller.key_hash()).await?;
    let admitted = call.caller.admit(&whose, visit, now)?;
    let fields = call.fields()?;
    let proving = Proving {
        call: &call,
        database: &database,
        admitted: &admitted,
        now,
        disabling: None,
    };
    let method = proving.prove(fields.text("token", MAX_CODE_CHARS)?).await?;
    let body = Body {
        success: true,
        method: match method {
            Method::Totp => "totp",
            Method::BackupCode => "backup_code",
        },
    };
    Ok(Reply::json(StatusCode::OK, &body))
}
