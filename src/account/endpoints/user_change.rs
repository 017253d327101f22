//! `PATCH /api/users/{uuid}`: changes the profile. Another e-mail takes effect only once the token that is
//! sent there is shown to `verify_email`.

use crate::account::email_change::EMAIL_TOKEN_TTL;
#[cfg(test)]
use crate::account::endpoints::{openapi, representation};
use crate::account::profile::wanted_email;
#[cfg(test)]
use crate::account::settings::SettingsSchema;
use crate::account::settings::{MAX_SETTINGS_CHARS, MERGED};
use crate::account::store::{
    NewEmail, ProfileChangeOutcome, change_profile, read_user_and_email_holder,
};
use crate::account::{AuditContext, EmailToken, Invalid, Notice, NoticeKind, Person, ProfilePatch};
use crate::kernel::audit::Action;
use crate::kernel::{EmailKey, Purpose, mask_email};
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::error::{email_taken, no_account, not_recent, not_sealed};
use crate::account::endpoints::representation::full_user;
use crate::account::endpoints::{Access, PersonCaller};

pub const ROUTE: Route = Route::patch(
    "/api/users/{uuid}",
    "updateUser",
    handler!(handle: PersonCaller, Access::Change),
);

async fn handle(call: Call<PersonCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.select(call.path("uuid")?)?;
    let now = call.now();
    // The body is read before the account is, but its errors are not for callers without access.
    let fields = call.fields();
    let unicode = call.services.unicode();
    let wanted = fields.as_ref().ok();
    let wanted = wanted.and_then(|fields| wanted_email(fields, unicode).ok().flatten());
    let key = wanted.as_deref().and_then(EmailKey::of);
    let database = call.services.database()?;
    let (user, is_taken) =
        read_user_and_email_holder(&database, &selector, key.as_ref(), now).await?;
    let account = call.caller.authorize(user)?;
    let audit = account.audit(&call, now);
    let (person, details) = (&account.person, &account.details);
    let present = person.email.as_deref();
    let patch = ProfilePatch::read(&fields?, present, &details.settings, unicode)?;
    let email = match (&patch.email, key) {
        (Some(email), Some(key)) => {
            // A session that was left open must not be enough to take over the account.
            if !call.caller.is_recent() {
                return Err(not_recent());
            }
            if is_taken {
                return Err(email_taken());
            }
            Some(new_email(&call, &account.person, email, key, &audit)?)
        }
        _ => None,
    };
    if patch.settings.is_empty() && email.is_none() {
        return Ok(full_user(&account.person, account.details));
    }
    let names: Vec<&str> = patch.settings.keys().map(String::as_str).collect();
    let entry = audit.entry(Action::UpdateProfile, names.join(" "));
    let (user, settings) = (account.user(), &patch.settings);
    match change_profile(&database, user, settings, &entry, email.as_ref()).await? {
        ProfileChangeOutcome::Changed(user) => Ok(full_user(&user.person, user.details)),
        ProfileChangeOutcome::SettingsTooLarge => {
            Err(Invalid::too_long(MERGED, MAX_SETTINGS_CHARS).into())
        }
        ProfileChangeOutcome::EmailTaken => Err(email_taken()),
        ProfileChangeOutcome::UserGone => Err(no_account()),
    }
}

fn new_email<'a>(
    call: &Call<PersonCaller>,
    person: &Person,
    email: &'a str,
    key: EmailKey,
    audit: &AuditContext,
) -> Result<NewEmail<'a>, ApiError> {
    let random = &call.services.random;
    let (user, present) = (&person.id, person.email.as_deref());
    let token = EmailToken::generate(random);
    let sealed = call
        .services
        .sealer()?
        .seal(Purpose::EmailToken, user, token.secret(), random)
        .map_err(not_sealed("a token of an e-mail change"))?;
    let notice = |kind, to| Notice::new(kind, user, Some(to), audit.at, random);
    let outcome = format!("to {}", mask_email(email));
    Ok(NewEmail {
        email,
        key,
        from: present.and_then(EmailKey::of),
        token,
        until: audit.at.plus(EMAIL_TOKEN_TTL),
        entry: audit.entry(Action::RequestEmailChange, outcome),
        warning: present.map(|present| notice(NoticeKind::EmailChangeRequested, present)),
        verification: notice(NoticeKind::EmailChangeVerification, email)
            .with_token(sealed, EMAIL_TOKEN_TTL),
    })
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    /// The fields to change. Others stay, unknown ones are ignored.
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code)]
    struct UpdateUser {
        /// A new e-mail becomes pending_email, and takes effect when verifyEmail confirms it. The
        /// present one: nothing happens.
        #[schemars(extend("type" = "string", "format" = "email", "minLength" = 1, "maxLength" = 254))]
        email: Option<String>,
        #[schemars(flatten)]
        settings: SettingsSchema,
    }

    OperationDoc::new(
        "Account security",
        "Changes a user's profile",
        "Changes the fields that are there. An email that is not the present one takes a recent \
         authentication and is kept as pending_email for 24 h; notices tell the present address and \
         bring a token to the new one, and verifyEmail lets it take effect. A further one replaces \
         it, and its token is dead. The email of another user is a 400 with attr email. All \
         settings of a profile together come to 128 KiB at most.",
    )
    .parameter(openapi::uuid())
    .body(
        spec.optional_body::<UpdateUser>()
            .example("names", example!({ "first_name": "Jane", "last_name": "Doe", "theme_mode": "dark" }))
            .example("notifications", example!({ "notification_settings": {"digest": true, "weekly": null} }))
            .example("email", example!({ "email": "jane.doe@example.com" })),
    )
    .answer(
        spec.json::<representation::FullUserBody>(200, "The user as it is now.")
            .example("jane", representation::example_user()),
    )
}
