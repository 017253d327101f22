//! `POST /api/users/{uuid}/two_factor_validate`: turns the second factor on by its first code. As
//! with its start, the set-up is the caller's own, also where staff name another user in the path.

#[cfg(test)]
use crate::account::endpoints::{openapi, representation};
use crate::account::store::read_second_factor_and_existence;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::code::{MAX_CODE_CHARS, code_check};
use crate::account::endpoints::error::no_account;
use crate::account::endpoints::representation::success;
use crate::account::endpoints::{Access, PersonCaller};

/// The route.
pub const ROUTE: Route = route("/api/users/{uuid}/two_factor_validate", "validateTwoFactor");

/// The same under its earlier name.
pub const ALIAS: Route = route("/api/users/{uuid}/validate_2fa", "validateTwoFactorAlias");

const fn route(path: &'static str, operation: &'static str) -> Route {
    Route::post(
        path,
        operation,
        handler!(handle: PersonCaller, Access::Sensitive),
    )
}

async fn handle(call: Call<PersonCaller>) -> Result<Reply, ApiError> {
    let named = call.caller.select(call.path("uuid")?)?;
    let selector = call.caller.own();
    let database = call.services.database()?;
    let (account, exists) = read_second_factor_and_existence(&database, &selector, &named).await?;
    let account = call.caller.authorize(account)?;
    if !exists {
        return Err(no_account());
    }
    let fields = call.fields()?;
    let token = fields.text("token", MAX_CODE_CHARS)?;
    let audit = account.audit(&call, call.now());
    let check = code_check(&call, &database, &account, &audit, None);
    check.validate_setup(token).await?;
    Ok(success())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    /// A code of the authenticator.
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code)]
    struct TotpCode {
        /// Six digits. White space around them does not matter.
        #[schemars(length(min = 1, max = MAX_CODE_CHARS))]
        token: String,
    }

    let description = "Accepts a code of the secret that startTwoFactorSetup made, and turns the second factor on \
         with it. The code cannot be used again. Needs a recent authentication (403). No set-up \
         that waits, or one too old: 400 setup_expired. A wrong code: 400 token_invalid; five of \
         them in a row lock (429).";
    let description = if spec.route.path == ALIAS.path {
        format!("The same as validateTwoFactor. {description}")
    } else {
        description.to_owned()
    };
    OperationDoc::new(
        "Account security",
        "Turns the second factor on",
        description,
    )
    .parameter(openapi::uuid())
    .body(
        spec.body::<TotpCode>()
            .example("code", example!({ "token": "123456" })),
    )
    .answer(
        spec.json::<representation::Success>(200, "It is done.")
            .example("done", example!({ "success": true })),
    )
}
