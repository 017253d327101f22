//! `PATCH /api/users/{uuid}`: changes the profile. Another e-mail is only asked for: it takes effect
//! once a token that goes there has come back (`verify_email`).

use crate::account::email_change::PENDING_FOR;
use crate::account::profile::{MAX_SETTINGS_CHARS, MERGED};
use crate::account::store::{Draft, NewEmail, ProfileChange};
use crate::account::{EmailToken, FullUser, Invalid, Notice, NoticeKind, ProfilePatch};
use crate::kernel::audit::Action;
use crate::kernel::{EmailKey, Purpose, Timestamp, mask_email};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::caller::Admitted;
use crate::account::endpoints::problem::{email_taken, no_account, not_recent};
use crate::account::endpoints::representation::full_user;
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::patch(
    "/api/users/{uuid}",
    "updateUser",
    handler!(handle: AccountCaller, Requirements::NONE),
);

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let whose = call.caller.whose(call.uuid()?)?;
    let now = call.now();
    // Read now, told later: who may not see the account hears nothing of the body.
    let patch = call
        .fields()
        .and_then(|fields| Ok(ProfilePatch::read(&fields)?));
    let key = patch.as_ref().ok().and_then(|patch| patch.email.as_deref());
    let key = key.and_then(EmailKey::of);
    let database = call.services.database()?;
    let (visit, is_taken) = database
        .full_user_and_holder(&whose, key.as_ref(), now)
        .await?;
    let admitted = call.caller.admit(&whose, visit, now)?;
    let patch = patch?;
    let email = match (&patch.email, key) {
        (Some(email), Some(key)) if !is_present(&admitted.account, &key) => {
            // Whoever finds an open session must not be able to redirect the account.
            if !call.caller.is_recent(now) {
                return Err(not_recent());
            }
            if is_taken {
                return Err(email_taken());
            }
            Some(new_email(&call, &admitted, email, key, now)?)
        }
        _ => None,
    };
    if patch.settings.is_empty() && email.is_none() {
        return Ok(full_user(&admitted.account));
    }
    let names: Vec<&str> = patch.settings.keys().map(String::as_str).collect();
    let change = ProfileChange {
        settings: &patch.settings,
        entry: admitted.entry(&call, Action::UpdateProfile, names.join(" "), now),
        email,
    };
    match database.change_profile(admitted.user(), &change).await? {
        Draft::Done(user) => Ok(full_user(&user)),
        Draft::TooLarge => Err(Invalid::too_long(MERGED, MAX_SETTINGS_CHARS).into()),
        Draft::EmailTaken => Err(email_taken()),
        Draft::Gone => Err(no_account()),
    }
}

fn is_present(user: &FullUser, wanted: &EmailKey) -> bool {
    let present = user.person.email.as_deref().and_then(EmailKey::of);
    present.as_ref() == Some(wanted)
}

fn new_email<'a>(
    call: &Call<AccountCaller>,
    admitted: &Admitted<FullUser>,
    email: &'a str,
    key: EmailKey,
    now: Timestamp,
) -> Result<NewEmail<'a>, ApiError> {
    let random = &call.services.random;
    let (user, present) = (admitted.user(), admitted.account.person.email.as_deref());
    let token = EmailToken::generate(random);
    let sealed = call
        .services
        .sealer()?
        .seal(Purpose::EmailToken, user, token.secret(), random)
        .map_err(|cause| ApiError::internal(format!("an e-mail token: {cause}")))?;
    let notice = |kind, to| Notice::new(kind, user, Some(to), now, random);
    let outcome = format!("to {}", mask_email(email));
    Ok(NewEmail {
        email,
        key,
        token,
        until: now.plus(PENDING_FOR),
        entry: admitted.entry(call, Action::RequestEmailChange, outcome, now),
        warning: present.map(|present| notice(NoticeKind::EmailChangeRequested, present)),
        verification: notice(NoticeKind::EmailChangeVerification, email)
            .with_token(sealed, PENDING_FOR),
    })
}
