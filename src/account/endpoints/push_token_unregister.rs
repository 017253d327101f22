//! `POST /api/users/@me/push_tokens/unregister`: deletes a push token. Safe to repeat.

use http::StatusCode;

use crate::account::PushToken;
use crate::account::store::unregister_push_token;
use crate::auth::Scope;
use crate::kernel::audit::Action;
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::push_token_register::authorize;
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/push_tokens/unregister",
    "unregisterPushToken",
    handler!(handle: AccountCaller, Requirements::key(Scope::UserWrite)),
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
