//! `POST /api/users/@me/push_tokens/unregister`: deletes a push token. Safe to repeat.

use http::StatusCode;

use crate::account::PushToken;
#[cfg(test)]
use crate::account::endpoints::openapi;
use crate::account::store::unregister_push_token;
use crate::auth::Scope;
use crate::kernel::audit::Action;
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::push_token_register::authorize;
use crate::account::endpoints::{Access, AccountCaller};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/push_tokens/unregister",
    "unregisterPushToken",
    handler!(handle: AccountCaller, (Scope::UserWrite, Access::Change)),
);

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let read = call
        .fields()
        .and_then(|fields| Ok(PushToken::read(&fields)?));
    let (account, token) = authorize(&call, read).await?;
    let now = call.now();
    let entry = account
        .audit(&call, now)
        .entry(Action::UnregisterPushToken, "dropped");
    let (database, key) = (call.services.database()?, account.api_key.as_ref());
    unregister_push_token(&database, account.user(), &token, &entry, key).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    /// The token to forget.
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code)]
    struct UnregisterPushToken {
        token: PushToken,
    }

    OperationDoc::new(
        "Account security",
        "Forgets a push token",
        "Forgets the token if it is the caller's. 204 as well when it is not, or is not there. Only \
         by `@me`, as registerPushToken.",
    )
    .parameter(openapi::uuid())
    .body(
        spec.body::<UnregisterPushToken>()
            .example("token", example!({ "token": "example-device-token" })),
    )
    .answer(Answer::empty(204, "The caller has no such token (any more)."))
}
