//! `POST /api/users/{uuid}/two_factor_disable`: turns the second factor off. Safe to repeat.

#[cfg(test)]
use crate::account::endpoints::{openapi, representation};
use crate::account::store::{FollowUp, OFF, disable_two_factor, drop_setup, read_second_factor};
use crate::account::{Notice, NoticeKind, Proof};
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::code::{MAX_CODE_CHARS, TOKEN, code_check, proof};
use crate::account::endpoints::representation::success;
use crate::account::endpoints::{Access, PersonCaller};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/two_factor_disable",
    "disableTwoFactor",
    handler!(handle: PersonCaller, Access::Sensitive),
);

async fn handle(call: Call<PersonCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.select(call.path("uuid")?)?;
    let now = call.now();
    let database = call.services.database()?;
    let lookup = read_second_factor(&database, &selector, None).await?;
    let account = call.caller.authorize(lookup.account)?;
    let fields = call.fields()?;
    fields.optional_text(TOKEN, MAX_CODE_CHARS)?;
    let (audit, factor) = (account.audit(&call, now), &account.details);
    let (kind, to) = (NoticeKind::TwoFactorDisabled, account.person.address());
    let notice = Notice::new(kind, account.user(), to, now, &call.services.random);
    if !factor.is_on() {
        // Only the set-up: the second factor may be turned on concurrently, and needs a proof then.
        drop_setup(&database, account.user()).await?;
        return Ok(success());
    }
    match proof(&call, &account, &fields, TOKEN)? {
        Proof::Given => disable_two_factor(&database, &audit, OFF, &notice).await?,
        Proof::Code(code) => {
            let check = code_check(&call, &database, &account, factor, &audit);
            check.accept(code, FollowUp::Disable(&notice)).await?;
        }
    }
    Ok(success())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    /// A proof of the second factor, where one is asked for.
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code)]
    struct DisableTwoFactor {
        /// Six digits of the authenticator, or a backup code. Blanks, dashes and characters without a
        /// width do not matter, nor does the case of a backup code.
        #[schemars(extend("type" = "string", "minLength" = 1, "maxLength" = MAX_CODE_CHARS))]
        token: Option<String>,
    }

    OperationDoc::new(
        "Account security",
        "Turns the second factor off",
        "Secret, backup codes and any set-up that waits are gone. Needs a recent authentication \
         (403) and, when a second factor is on, a proof of it: token, or an `amr` claim with `mfa`; \
         support needs no proof for others. No proof: 400 required; a wrong one: 400 \
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
