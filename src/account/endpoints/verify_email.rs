//! `POST /api/users/verify_email`: puts another e-mail into effect. The token shows that its bearer
//! reads mail sent there, so no sign-in is needed.

#[cfg(test)]
use crate::account::endpoints::{openapi, representation};
use crate::account::store::{EmailConfirmation, confirm_email, read_pending_email};
use crate::account::{EmailToken, Invalid, Notice, NoticeKind};
use crate::kernel::audit::{Action, Actor, Entry};
use crate::kernel::{Clock as _, EmailKey, UserId, mask_email};
use crate::web::caller::Anyone;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::request::client_address;
use crate::web::{ApiError, Call, ErrorFormat, Reply, Route, handler};

use crate::account::endpoints::error::email_taken;
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
        EmailConfirmation::TokenInvalid => Err(refuse(&call).await),
    }
}

async fn confirm(
    call: &Call<Anyone>,
    user: &UserId,
    token: &EmailToken,
) -> Result<EmailConfirmation, ApiError> {
    let now = call.services.clock.now();
    let database = call.services.database()?;
    let Some(account) = read_pending_email(&database, user, token, now).await? else {
        return Ok(EmailConfirmation::TokenInvalid);
    };
    let (present, email) = (account.person.email, account.details.email);
    let Some(key) = EmailKey::of(&email) else {
        return Ok(EmailConfirmation::TokenInvalid);
    };
    let entry = Entry {
        at: now,
        origin: call.origin(Actor::person(user.as_str())),
        action: Action::ConfirmEmailChange,
        subject: user.as_str().to_owned(),
        outcome: format!("to {}", mask_email(&email)),
    };
    let to = present.as_deref().unwrap_or(&email);
    let random = &call.services.random;
    let notice = Notice::new(NoticeKind::EmailChanged, user, Some(to), now, random);
    Ok(confirm_email(&database, user, token, &key, &entry, &notice).await?)
}

/// Counts as two failed authentications of the client's address, one of them by the router: no other guess is as cheap.
/// A right token is never refused for it.
async fn refuse(call: &Call<Anyone>) -> ApiError {
    let address = client_address(&call.input.headers);
    if !call.services.address_within_limit(address).await {
        return ErrorFormat::Account.too_many();
    }
    let detail = "This verification token is invalid or has expired.";
    ApiError::from(Invalid::new("token", "invalid_token", detail))
        .counted_as_failed_authentication()
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    /// The confirmation of an e-mail.
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code)]
    struct VerifyEmail {
        /// The user's `users.uuid`: `userId` of the notice.
        #[schemars(length(min = 1, max = UserId::MAX_CHARS))]
        uuid: String,
        /// `data.token` of the notice email_change_verification.
        #[schemars(length(min = 1, max = MAX_TOKEN_CHARS))]
        token: String,
    }

    OperationDoc::new(
        "Account security",
        "Confirms an e-mail",
        "The pending e-mail becomes the user's. The token alone is the credential. Wrong, too old, \
         replaced, of an unknown user, or asked for from an address that is not the user's any more: \
         400 invalid_token, which counts as two failed authentications. Another user's by now: 400 with attr email.",
    )
    .body(
        spec.body::<VerifyEmail>()
            .example("token", example!({
                "uuid": "00000000-0000-4000-8000-000000000001",
                "token": "example-token-of-a-notice"
            })),
    )
    .answer(
        spec.json::<representation::Success>(200, "It is done.")
            .example("done", example!({ "success": true })),
    )
    .error(openapi::bad_request())
    .error(openapi::too_large())
    .error(openapi::not_json())
    .error(openapi::throttled())
    .error(openapi::internal())
}
