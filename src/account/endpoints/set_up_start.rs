//! `GET /api/users/{uuid}/two_factor_start_setup`: begins the set-up of the caller's own second
//! factor, whichever user the path names. A GET as in the original API.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use crate::account::endpoints::openapi;
use crate::account::store::start_setup;
use crate::account::totp::SETUP_TTL;
use crate::account::{TotpSecret, qr};
use crate::kernel::audit::{Action, Actor, Entry};
use crate::kernel::{Purpose, Timestamp, UserId};
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::error::{not_recent, not_sealed};
use crate::account::endpoints::{Access, PersonCaller};

/// The route.
pub const ROUTE: Route = route(
    "/api/users/{uuid}/two_factor_start_setup",
    "startTwoFactorSetup",
);

/// The same under its earlier name.
pub const ALIAS: Route = route(
    "/api/users/{uuid}/start_2fa_setup",
    "startTwoFactorSetupAlias",
);

const fn route(path: &'static str, operation: &'static str) -> Route {
    Route::get_only(
        path,
        operation,
        handler!(handle: PersonCaller, Access::Change),
    )
}

/// The issuer that authenticators show.
const ISSUER: &str = "SmartphoneKey";

/// A secret for an authenticator app. It counts once a code of it was accepted.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "TwoFactorSetup"))]
struct Body<'a> {
    #[cfg_attr(test, schemars(extend("const" = true)))]
    success: bool,
    /// The secret: 20 random bytes in base32.
    #[cfg_attr(test, schemars(regex(pattern = "^[A-Z2-7]{32}$")))]
    secret: &'a str,
    /// The same as authenticator apps take it, with issuer and account.
    #[cfg_attr(test, schemars(regex(pattern = "^otpauth://totp/")))]
    otpauth_url: &'a str,
    /// The otpauth_url as a QR code: an SVG document.
    #[cfg_attr(test, schemars(regex(pattern = "<svg[ >]")))]
    qr_svg: String,
    /// Until when a code can finish the set-up: 10 minutes from now.
    expires_at: Timestamp,
}

async fn handle(call: Call<PersonCaller>) -> Result<Reply, ApiError> {
    let (now, random, subject) = (call.now(), &call.services.random, call.caller.subject());
    let secret = TotpSecret::generate(random);
    // One round trip: the user's id is not known yet, so the secret is sealed for the subject.
    let (purpose, bound_to) = (Purpose::PendingTotpSecret, UserId::new(subject));
    let sealed = secret
        .seal(purpose, &bound_to, call.services.sealer()?, random)
        .map_err(not_sealed("the secret of a set-up"))?;
    let selector = call.caller.own();
    let (until, is_recent) = (now.plus(SETUP_TTL), call.caller.is_recent());
    // The statement completes actor and subject by the user's id.
    let entry = Entry {
        at: now,
        origin: call.origin(Actor::person("")),
        action: Action::StartTwoFactor,
        subject: String::new(),
        outcome: "begun".to_owned(),
    };
    let database = call.services.database()?;
    let account = start_setup(&database, &selector, &sealed, until, is_recent, &entry).await?;
    let account = call.caller.authorize(account)?;
    let pending = account.details.pending;
    if pending.is_none_or(|pending| pending.sealed != sealed) {
        return Err(not_recent());
    }
    let label = account.person.label();
    let url = secret
        .otpauth_url(ISSUER, &label)
        .ok_or_else(|| ApiError::internal("the address for authenticators could not be made"))?;
    let qr_svg = qr::svg(url.expose())
        .ok_or_else(|| ApiError::internal("the address for authenticators is too long to scan"))?;
    let secret = secret.to_base32();
    let body = Body {
        success: true,
        secret: secret.expose(),
        otpauth_url: url.expose(),
        qr_svg,
        expires_at: until,
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    let description = "Makes a new secret for the caller, whatever the uuid. It waits 10 minutes for \
         validateTwoFactor; starting again kills the one before. A second factor that is on stays \
         as it is until then, and starting needs a recent authentication (403).";
    let description = if spec.route.path == ALIAS.path {
        format!("The same as startTwoFactorSetup. {description}")
    } else {
        description.to_owned()
    };
    OperationDoc::new("Account security", "Begins to set up a second factor", description)
    .parameter(openapi::uuid())
    .answer(
        spec.json::<Body>(200, "The secret, shown this once.")
.link("getTwoFactorStatus", [("uuid", "$request.path.uuid")])
            .example("setup", example!({
                "success": true,
                "secret": "EXAMPLEONLYEXAMPLEONLYEXAMPLEONL",
                "otpauth_url": "otpauth://totp/SmartphoneKey:jane%40example.com?secret=EXAMPLEONLYEXAMPLEONLYEXAMPLEONL&issuer=SmartphoneKey",
                "qr_svg": "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
                "expires_at": "2026-11-21T10:40:00.000Z"
            })),
    )
    .error(openapi::method_not_allowed())
}
