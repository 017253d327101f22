//! `POST /api/users/{uuid}/two_factor_disable`: turns the second factor off. Safe to repeat.

#[cfg(test)]
use crate::account::endpoints::{openapi, representation};
use crate::account::store::{disable_two_factor, drop_setup, read_second_factor};
use crate::account::{Invalid, Notice, NoticeKind, SecondFactor};
use crate::config::DisablePolicy;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::caller::AuthorizedAccount;
use crate::account::endpoints::code::{MAX_CODE_CHARS, code_check};
use crate::account::endpoints::representation::success;
use crate::account::endpoints::{Access, PersonCaller};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/two_factor_disable",
    "disableTwoFactor",
    handler!(handle: PersonCaller, Access::Sensitive),
);

const TOKEN: &str = "token";

async fn handle(call: Call<PersonCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.select(call.path("uuid")?)?;
    let now = call.now();
    let database = call.services.database()?;
    let lookup = read_second_factor(&database, &selector, None).await?;
    let account = call.caller.authorize(lookup.account)?;
    let fields = call.fields()?;
    let token = fields.optional_text(TOKEN, MAX_CODE_CHARS)?;
    let audit = account.audit(&call, now);
    let (kind, to) = (NoticeKind::TwoFactorDisabled, account.person.address());
    let notice = Notice::new(kind, account.user(), to, now, &call.services.random);
    if !account.details.is_on() {
        // Only the set-up: the second factor may be turned on concurrently, and needs a code then.
        drop_setup(&database, account.user()).await?;
    } else if needs_code(&call, &account) {
        let token = token.ok_or_else(|| Invalid::required(TOKEN))?;
        let check = code_check(&call, &database, &account, &audit, Some(&notice));
        check.accept(token).await?;
    } else {
        disable_two_factor(&database, &audit, &notice).await?;
    }
    Ok(success())
}

/// Whether a recent sign-in alone is not enough. Staff may help people who lost their second factor, but not
/// turn off their own without it.
fn needs_code(call: &Call<PersonCaller>, account: &AuthorizedAccount<SecondFactor>) -> bool {
    account.is_own
        && call.services.config.two_factor_disable == DisablePolicy::SecondFactor
        && !call.caller.has_shown_second_factor()
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    /// A proof of the second factor, where one is asked for.
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code)]
    struct DisableTwoFactor {
        /// Six digits of the authenticator, or a backup code. White space around either does not
        /// matter; in a backup code neither case nor spaces nor hyphens do.
        #[schemars(extend("type" = "string", "minLength" = 1, "maxLength" = MAX_CODE_CHARS))]
        token: Option<String>,
    }

    OperationDoc::new(
        "Account security",
        "Turns the second factor off",
        "Secret, backup codes and any set-up that waits are gone. Needs a recent authentication \
         (403) and, when a second factor is on, a proof of it: token, or an `amr` claim with `mfa` \
         or `otp`; support needs no proof for others. No proof: 400 required; a wrong one: 400 \
         token_invalid, and five in a row lock (429). With TWO_FACTOR_DISABLE=recent no proof is \
         asked for. Nothing on: 200.",
    )
    .parameter(openapi::uuid())
    .body(
        spec.optional_body::<DisableTwoFactor>()
            .example("code", example!({ "token": "123456" }))
            .example("backupCode", example!({ "token": "aaaa-bbbb-cccc-dddd" }))
            .example("none", example!({})),
    )
    .answer(
        spec.json::<representation::Success>(200, "It is done.")
            .example("done", example!({ "success": true })),
    )
}
