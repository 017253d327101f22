//! `POST /api/users/verify_email`: puts the e-mail asked for into effect. Whoever shows the token
//! has read mail that went there; nobody needs to be signed in for that.

use crate::account::store::Confirmation;
use crate::account::{EmailToken, Invalid, Notice, NoticeKind};
use crate::kernel::audit::{Action, Actor, Entry};
use crate::kernel::{Clock as _, EmailKey, UserId, mask_email};
use crate::web::caller::Anyone;

use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::problem::email_taken;
use crate::account::endpoints::representation::success;

pub const ROUTE: Route = Route::post(
    "/api/users/verify_email",
    "verifyEmail",
    handler!(handle: Anyone),
);

/// Tokens have 43 characters, longer ones are none of ours.
const MAX_TOKEN_CHARS: usize = 512;

async fn handle(call: Call<Anyone>) -> Result<Reply, ApiError> {
    let fields = call.fields()?;
    let user = UserId::new(fields.text("uuid", UserId::MAX_CHARS)?);
    let token = EmailToken::presented(fields.text("token", MAX_TOKEN_CHARS)?);
    match confirm(&call, &user, &token).await? {
        Confirmation::Done => Ok(success()),
        Confirmation::Taken => Err(email_taken()),
        Confirmation::Dead => Err(dead()),
    }
}

async fn confirm(
    call: &Call<Anyone>,
    user: &UserId,
    token: &EmailToken,
) -> Result<Confirmation, ApiError> {
    let now = call.services.clock.now();
    let database = call.services.database()?;
    let found = database.email_to_confirm(user, token, now).await?;
    let Some((found, key)) = found.and_then(|found| {
        let key = EmailKey::of(&found.email)?;
        Some((found, key))
    }) else {
        return Ok(Confirmation::Dead);
    };
    let entry = Entry {
        at: now,
        origin: call.origin(Actor::person(user.as_str())),
        action: Action::ConfirmEmailChange,
        subject: user.as_str().to_owned(),
        outcome: format!("to {}", mask_email(&found.email)),
    };
    let to = found.person.email.as_deref().unwrap_or(&found.email);
    let random = &call.services.random;
    let notice = Notice::new(NoticeKind::EmailChanged, user, Some(to), now, random);
    Ok(database
        .confirm_email(user, token, &key, &entry, &notice)
        .await?)
}

/// Counts as a failed authentication of the client's address.
fn dead() -> ApiError {
    let detail = "This verification token is invalid or has expired.";
    ApiError::from(Invalid::new("token", "invalid_token", detail))
        .counted_as_failed_authentication()
}
