//! `POST /api/users/{uuid}/two_factor_validate`: turns the second factor on by its first code. As
//! with its start, the set-up is the caller's own, also where staff name another user in the path.

#[cfg(test)]
use crate::account::endpoints::{openapi, representation};
use crate::account::store::read_second_factor_and_existence;
use crate::account::{CodeError, Proof};
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::code::{MAX_CODE_CHARS, TOKEN, code_check, proof};
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

/// The field with a code of the second factor that the set-up replaces.
const CURRENT_TOKEN: &str = "current_token";

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
    let token = fields.text(TOKEN, MAX_CODE_CHARS)?;
    fields.optional_text(CURRENT_TOKEN, MAX_CODE_CHARS)?;
    let (factor, now) = (&account.details, call.now());
    if factor.pending(&account.person, now).is_none() {
        return Err(CodeError::NoSetup.into());
    }
    let proof = if factor.is_on() {
        proof(&call, &account, &fields, CURRENT_TOKEN)?
    } else {
        Proof::Given
    };
    let audit = account.audit(&call, now);
    let check = code_check(&call, &database, &account, factor, &audit);
    check.validate_setup(token, proof).await?;
    Ok(success())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    /// A code of the authenticator, and a proof of the second factor that is replaced.
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code)]
    struct TotpCode {
        /// Six digits of the new secret. Blanks and dashes do not matter.
        #[schemars(length(min = 1, max = MAX_CODE_CHARS))]
        token: String,
        /// A code of the second factor that is on: six digits of its authenticator, or a backup code.
        #[schemars(extend("type" = "string", "minLength" = 1, "maxLength" = MAX_CODE_CHARS))]
        current_token: Option<String>,
    }

    let description = "Accepts a code of the secret that startTwoFactorSetup made, and turns the second factor on \
         with it. The code cannot be used again. Needs a recent authentication (403) and, when a \
         second factor is on, a proof of it as disableTwoFactor does: current_token, or an `amr` \
         claim with `mfa`. No set-up that waits, or one too old: 400 setup_expired. No proof: 400 \
         required. A wrong code: 400 token_invalid, with the attr current_token if it is that one; \
         five of them in a row lock (429).";
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
            .example("code", example!({ "token": "123456" }))
            .example(
                "replacement",
                example!({ "token": "123456", "current_token": "654321" }),
            ),
    )
    .answer(
        spec.json::<representation::Success>(200, "It is done.")
            .example("done", example!({ "success": true })),
    )
}
