//! `POST /api/users/@me/push_tokens/unregister`: drops a phone's token. Safe to repeat.

use http::StatusCode;

use crate::account::PushToken;
use crate::auth::Scope;
use crate::kernel::audit::Action;
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::push_token_register::admit;
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/push_tokens/unregister",
    "unregisterPushToken",
    handler!(handle: AccountCaller, Requirements::key(Scope::UserWrite)),
);

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let wish = call
        .fields()
        .and_then(|fields| Ok(PushToken::read(&fields)?));
    let (admitted, token) = admit(&call, wish).await?;
    let now = call.now();
    let entry = admitted.entry(&call, Action::UnregisterPushToken, "dropped", now);
    call.services
        .database()?
        .unregister_push_token(admitted.user(), &token, &entry, admitted.touch(now))
        .await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
