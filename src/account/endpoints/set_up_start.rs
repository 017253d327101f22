//! `GET /api/users/{uuid}/two_factor_start_setup`: begins the set-up of the caller's own second
//! factor, whichever user the path names. A GET as in the original API.

use http::StatusCode;
use serde::Serialize;

use crate::account::store::{AccountLookup, NewSetup, start_setup};
use crate::account::totp::SETUP_TTL;
use crate::account::{PendingSetup, TotpSecret, qr};
use crate::kernel::Timestamp;
use crate::kernel::audit::{Action, Actor, Entry};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::problem::{invalid_token, not_recent};
use crate::account::endpoints::{AccountCaller, Requirements};

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
        handler!(handle: AccountCaller, Requirements::NONE),
    )
}

/// The issuer that authenticators show.
const ISSUER: &str = "SmartphoneKey";

#[derive(Serialize)]
struct Body<'a> {
    success: bool,
    secret: &'a str,
    otpauth_url: &'a str,
    qr_svg: String,
    expires_at: Timestamp,
}

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let subject = call.caller.subject();
    let subject = subject.ok_or_else(|| invalid_token("subject_missing"))?;
    let (now, random) = (call.now(), &call.services.random);
    let secret = TotpSecret::generate(random);
    // One round trip: the user's id is not known yet, so the secret is sealed for the subject.
    let sealed = PendingSetup::seal(&secret, subject, call.services.sealer()?, random)
        .map_err(|cause| ApiError::internal(format!("a secret: {cause}")))?;
    let selector = call.caller.own();
    let setup = NewSetup {
        selector: &selector,
        sealed: &sealed,
        until: now.plus(SETUP_TTL),
        is_sign_in_recent: call.caller.is_recent(now),
    };
    // The statement completes actor and subject by the user's id.
    let entry = Entry {
        at: now,
        origin: call.origin(Actor::person("")),
        action: Action::StartTwoFactor,
        subject: String::new(),
        outcome: "begun".to_owned(),
    };
    let start = start_setup(&call.services.database()?, &setup, &entry).await?;
    let lookup = AccountLookup {
        account: start.account,
        api_key: None,
    };
    let account = call.caller.authorize(&selector, lookup, now)?;
    if !start.has_begun {
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
        expires_at: setup.until,
    };
    Ok(Reply::json(StatusCode::OK, &body))
}
