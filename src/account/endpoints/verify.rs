//! `POST /api/users/{uuid}/two_factor_verify`: accepts a code of the second factor, once. The sign-in service
//! calls it, with an API key.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use crate::account::endpoints::openapi;
use crate::account::store::{CodeKind, read_second_factor};
use crate::auth::Scope;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::code::{MAX_CODE_CHARS, code_check};
use crate::account::endpoints::{Access, AccountCaller};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/two_factor_verify",
    "verifyTwoFactor",
    handler!(handle: AccountCaller, (Scope::UserVerify, Access::Sensitive)),
);

/// The proof is good.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "VerifiedTwoFactor"))]
struct Body {
    #[cfg_attr(test, schemars(extend("const" = true)))]
    success: bool,
    /// What was proved.
    #[cfg_attr(test, schemars(extend("enum" = ["totp", "backup_code"])))]
    method: &'static str,
}

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.select(call.path("uuid")?)?;
    let database = call.services.database()?;
    let lookup = read_second_factor(&database, &selector, call.caller.key_hash()).await?;
    let account = call.caller.authorize(&selector, lookup)?;
    let fields = call.fields()?;
    let token = fields.text("token", MAX_CODE_CHARS)?;
    let audit = account.audit(&call, call.now());
    let check = code_check(&call, &database, &account, &audit, None);
    let body = Body {
        success: true,
        method: match check.accept(token).await? {
            CodeKind::Totp => "totp",
            CodeKind::Backup => "backup_code",
        },
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    /// A proof of the second factor.
    #[derive(JsonSchema)]
    #[schemars(rename = "SecondFactor")]
    #[expect(dead_code)]
    struct Proof {
        /// Six digits of the authenticator, or a backup code. White space around either does not
        /// matter; in a backup code neither case nor spaces nor hyphens do.
        #[schemars(length(min = 1, max = MAX_CODE_CHARS))]
        token: String,
    }

    OperationDoc::new(
        "Account security",
        "Checks a proof of the second factor",
        "For the service that signs people in: its key needs the scope user:verify. A key bound to \
         a user checks that user; a key without a user, and support, check any user; a person checks \
         themself. A code counts once: sent again, it is a 400 token_invalid, as are a code of an \
         earlier step, a wrong one, and any code without a second factor. Five refused in a row lock \
         that kind of code for 30 s, each further one twice as long, up to 1 h; 100 lock it until \
         support turns the second factor off (429).",
    )
    .parameter(openapi::uuid())
    .body(
        spec.body::<Proof>()
            .example("code", example!({ "token": "123456" }))
            .example("backupCode", example!({ "token": "aaaa-bbbb-cccc-dddd" })),
    )
    .answer(
        spec.json::<Body>(200, "The proof is good, and used up.")
            .example("totp", example!({ "success": true, "method": "totp" })),
    )
}
