//! `POST /admin/users/{userId}/two-factor/disable`: turns off the second factor of a user who has lost it. Safe
//! to repeat.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::store::{AccountSelector, disable_two_factor, read_person};
use crate::account::{AuditContext, Notice, NoticeKind, Person};
use crate::auth::SignIn;
use crate::kernel::EmailKey;
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Spec, errors, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, fields, handler};

pub const ROUTE: Route = Route::post(
    "/admin/users/{userId}/two-factor/disable",
    "disableTwoFactorForUser",
    handler!(handle: Admin, (Role::Support, SignIn::Recently)),
);

/// Why, and how it was made sure that it is the user who asks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "DisableUsersTwoFactor"))]
struct Request {
    /// For the audit trail; e-mails and phone numbers in it are masked.
    #[cfg_attr(test, schemars(length(min = 1), regex(pattern = fields::words_pattern(fields::MAX_REASON_CHARS))))]
    reason: String,
    verified_by: VerifiedBy,
}

/// How the user was recognised.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
enum VerifiedBy {
    /// By a call back to a number that was known before.
    Callback,
    Video,
    InPerson,
    Other,
}

impl VerifiedBy {
    /// The words in the audit trail.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Video => "video",
            Self::InPerson => "in person",
            Self::Other => "other means",
        }
    }
}

/// The second factor is off.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "TwoFactorDisabled"))]
struct Body {
    #[cfg_attr(test, schemars(extend("const" = true)))]
    disabled: bool,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    let request: Request = call.body()?;
    let reason = fields::reason(&request.reason)?;
    let database = call.services.database()?;
    let selector = AccountSelector::User(user);
    let account = read_person(&database, &selector, None).await?.account;
    let person = account.ok_or_else(ApiError::unknown_user)?.person;
    if is_own(&call.caller, &person) {
        return Err(own_account());
    }
    let audit = AuditContext {
        origin: call.origin(call.caller.actor()).because(reason),
        user: person.id.clone(),
        at: call.now(),
    };
    let (kind, to) = (NoticeKind::TwoFactorDisabled, person.address());
    let notice = Notice::new(kind, &person.id, to, audit.at, &call.services.random);
    let outcome = format!("off, user verified by {}", request.verified_by.as_str());
    disable_two_factor(&database, &audit, &outcome, &notice).await?;
    Ok(Reply::json(StatusCode::OK, &Body { disabled: true }).no_store())
}

/// Whether the caller would take a second factor off themselves: for that they have to show it.
fn is_own(caller: &Admin, person: &Person) -> bool {
    let email = person.email.as_deref().and_then(EmailKey::of);
    let is_subject = caller.subject().is_some_and(|own| person.is_subject(own));
    is_subject || (email.is_some() && caller.email().and_then(EmailKey::of) == email)
}

fn own_account() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "This is your own account; ask another administrator",
    )
    .because("own_account")
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Account security",
        "Turns a user's second factor off",
        "For a user who has lost it. Secret, backup codes and any set-up that waits are gone, and the user gets \
         the notice two_factor_disabled. Never one's own (409): neither that with the caller's subject nor that \
         with their e-mail. Nothing on: 200 as well, and nothing is audited. Safe to repeat.",
    )
    .parameter(spec.user_id())
    .body(
        spec.body::<Request>()
            .example("lostPhone", example!({ "reason": "lost the phone", "verifiedBy": "callback" })),
    )
    .answer(
        spec.json::<Body>(200, "It is off.")
            .no_store()
            .example("done", example!({ "disabled": true })),
    )
    .error(errors::unknown_user())
    .error(ErrorAnswer::new(
        "OwnAccount",
        "The account is the caller's own.",
        [("own", own_account())],
    ))
}
