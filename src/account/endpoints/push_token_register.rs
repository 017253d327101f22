//! `POST /api/users/@me/push_tokens`: registers a push token, or notes that it was seen.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;

#[cfg(test)]
use crate::account::endpoints::openapi;
#[cfg(test)]
use crate::account::store::PushTokenRow;
use crate::account::store::{NewPushToken, read_person, register_push_token};
use crate::account::{Platform, PushToken};
use crate::auth::Scope;
use crate::kernel::Purpose;
use crate::kernel::audit::Action;
use crate::kernel::ids::prefixed_ulid;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::caller::AuthorizedAccount;
use crate::account::endpoints::error::{denied, no_account, not_sealed};
use crate::account::endpoints::person_caller::ME;
use crate::account::endpoints::{Access, AccountCaller};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/push_tokens",
    "registerPushToken",
    handler!(handle: AccountCaller, (Scope::UserWrite, Access::Change)),
);

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let read = call
        .fields()
        .and_then(|fields| Ok((PushToken::read(&fields)?, Platform::read(&fields)?)));
    let (account, (token, platform)) = authorize(&call, read).await?;
    let now = call.now();
    let random = &call.services.random;
    let sealed = call
        .services
        .sealer()?
        .seal(Purpose::PushToken, account.user(), token.secret(), random)
        .map_err(not_sealed("a push token"))?;
    let new = NewPushToken {
        id: prefixed_ulid("push", now, random),
        token: &token,
        sealed,
        user: account.user(),
        platform,
    };
    let entry = account
        .audit(&call, now)
        .entry(Action::RegisterPushToken, platform.as_str());
    let database = call.services.database()?;
    let row = register_push_token(&database, &new, &entry, account.api_key.as_ref())
        .await?
        .ok_or_else(no_account)?;
    Ok(Reply::json(StatusCode::OK, &row))
}

/// The caller's own account, and what was read of the body. Devices register themselves: not even staff may
/// direct another account's pushes, and they are told so whether or not they have an account.
pub(crate) async fn authorize<B>(
    call: &Call<AccountCaller>,
    body: Result<B, ApiError>,
) -> Result<(AuthorizedAccount<()>, B), ApiError> {
    let not_me = || denied("Push tokens can only be managed via the `@me` path.");
    let is_me = call.path("uuid")? == ME;
    if !is_me && call.caller.api_key().is_none() {
        return Err(body.map_or_else(|fault| fault, |_| not_me()));
    }
    let selector = call.caller.own();
    let database = call.services.database()?;
    let lookup = read_person(&database, &selector, call.caller.api_key()).await?;
    let account = call.caller.authorize(&selector, lookup)?;
    let body = body?;
    if is_me {
        Ok((account, body))
    } else {
        Err(not_me())
    }
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    /// The token to register.
    #[derive(JsonSchema)]
    #[expect(dead_code)]
    struct RegisterPushToken {
        token: PushToken,
        platform: Platform,
    }

    OperationDoc::new(
        "Account security",
        "Registers a push token",
        "Registers the token of one of the caller's devices, or notes that it was seen again; \
         another user's becomes the caller's. A user has 20 at most: of more, the one not seen for \
         the longest time goes. Only by `@me`: any other uuid is a 403, for support as well, once \
         the body is found right.",
    )
    .parameter(openapi::uuid())
    .body(spec.body::<RegisterPushToken>().example(
        "ios",
        example!({ "token": "example-device-token", "platform": "ios" }),
    ))
    .answer(
        spec.json::<PushTokenRow>(200, "The registration.")
            .link_with_body(
                "unregisterPushToken",
                [("uuid", "$request.path.uuid")],
                example!({ "token": "$request.body#/token" }),
            )
            .example(
                "ios",
                example!({
                    "id": "push_01JZX0000000000000000000EX",
                    "platform": "ios",
                    "created_at": "2026-11-21T10:30:00.000Z",
                    "last_seen_at": "2026-11-21T10:30:00.000Z"
                }),
            ),
    )
}
