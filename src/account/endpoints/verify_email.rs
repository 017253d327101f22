//! `POST /api/users/verify_email`: puts another e-mail into effect. The token shows that its bearer
//! reads mail sent there, so no sign-in is needed.

use crate::account::store::{EmailConfirmation, confirm_email, read_pending_email};
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

/// Issued tokens have 43 characters.
const MAX_TOKEN_CHARS: usize = 512;

async fn handle(call: Call<Anyone>) -> Result<Reply, ApiError> {
    let fields = call.fields()?;
    let user = UserId::new(fields.text("uuid", UserId::MAX_CHARS)?);
    let token = EmailToken::presented(fields.text("token", MAX_TOKEN_CHARS)?);
    match confirm(&call, &user, &token).await? {
        EmailConfirmation::Confirmed => Ok(success()),
        EmailConfirmation::EmailTaken => Err(email_taken()),
        EmailConfirmation::TokenInvalid => Err(invalid_token()),
    }
}

async fn confirm(
    call: &Call<Anyone>,
    user: &UserId,
    token: &EmailToken,
) -> Result<EmailConfirmation, ApiError> {
    let now = call.services.clock.now();
    let database = call.services.database()?;
    let found = read_pending_email(&database, user, token, now).await?;
    let Some((found, key)) = found.and_then(|found| {
        let key = EmailKey::of(&found.email)?;
        Some((found, key))
    }) else {
        return Ok(EmailConfirmation::TokenInvalid);
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
    Ok(confirm_email(&database, user, token, &key, &entry, &notice).await?)
}

/// Counts as a failed authentication of the client's address.
fn invalid_token() -> ApiError {
    let detail = "This verification token is invalid or has expired.";
    ApiError::from(Invalid::new("token", "invalid_token", detail))
        .counted_as_failed_authentication()
}
