//! `POST /api/users/@me/push_tokens`: registers a phone's token, or notes that it was seen.

use http::StatusCode;
use serde::Serialize;

use crate::account::store::NewPushToken;
use crate::account::{Person, Platform, PushToken};
use crate::auth::Scope;
use crate::kernel::audit::Action;
use crate::kernel::ids::prefixed_ulid;
use crate::kernel::{Purpose, Timestamp};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::caller::{Admitted, ME};
use crate::account::endpoints::problem::{denied, no_account};
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/push_tokens",
    "registerPushToken",
    handler!(handle: AccountCaller, Requirements::key(Scope::UserWrite)),
);

#[derive(Serialize)]
struct Body {
    id: String,
    platform: String,
    created_at: Timestamp,
    last_seen_at: Timestamp,
}

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let wish = call
        .fields()
        .and_then(|fields| Ok((PushToken::read(&fields)?, Platform::read(&fields)?)));
    let (admitted, (token, platform)) = admit(&call, wish).await?;
    let now = call.now();
    let random = &call.services.random;
    let sealed = call
        .services
        .sealer()?
        .seal(Purpose::PushToken, admitted.user(), token.secret(), random)
        .map_err(|cause| ApiError::internal(format!("a push token: {cause}")))?;
    let new = NewPushToken {
        id: prefixed_ulid("push", now, random),
        token: &token,
        sealed,
        user: admitted.user(),
        platform,
    };
    let entry = admitted.entry(&call, Action::RegisterPushToken, platform.as_str(), now);
    let row = call
        .services
        .database()?
        .register_push_token(&new, &entry, admitted.touch(now))
        .await?
        .ok_or_else(no_account)?;
    let body = Body {
        id: row.id,
        platform: row.platform,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

/// Whose phone it is, and what the body wishes. A phone registers itself: somebody else's pushes
/// must not come to it, not even by staff, who need not have an account to be told so.
pub(crate) async fn admit<W>(
    call: &Call<AccountCaller>,
    wish: Result<W, ApiError>,
) -> Result<(Admitted<Person>, W), ApiError> {
    let not_me = || denied("Push tokens can only be managed via the `@me` path.");
    let is_me = call.uuid()? == ME;
    if !is_me && call.caller.key_hash().is_none() {
        return Err(wish.map_or_else(|fault| fault, |_| not_me()));
    }
    let whose = call.caller.own();
    let visit = call
        .services
        .database()?
        .person(&whose, call.caller.key_hash())
        .await?;
    let admitted = call.caller.admit(&whose, visit, call.now())?;
    let wish = wish?;
    if is_me {
        Ok((admitted, wish))
    } else {
        Err(not_me())
    }
}
