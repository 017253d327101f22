//! `GET /api/users/{uuid}/two_factor_start_setup`: begins the set-up of the caller's second factor,
//! whatever the path says. A GET because the original has one.

use http::StatusCode;
use serde::Serialize;

use crate::account::store::{SetUp, Visit};
use crate::account::totp::PENDING_FOR;
use crate::account::{HasPerson, Pending, TotpSecret, qr};
use crate::kernel::Timestamp;
use crate::kernel::audit::{Action, Actor, Entry};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::problem::{nobody, not_recent};
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

/// Who the account is with, as authenticators show it.
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
    let subject = subject.ok_or_else(|| nobody("subject_missing"))?;
    let (now, random) = (call.now(), &call.services.random);
    let secret = TotpSecret::generate(random);
    // One round trip: it is not known yet whose the subject is, so the secret is sealed for the subject.
    let sealed = Pending::seal(&secret, subject, call.services.sealer()?, random)
        .map_err(|cause| ApiError::internal(format!("a secret: {cause}")))?;
    let whose = call.caller.own();
    let set_up = SetUp {
        whose: &whose,
        sealed: &sealed,
        until: now.plus(PENDING_FOR),
        is_recent: call.caller.is_recent(now),
    };
    // The database completes both with the user's id.
    let entry = Entry {
        at: now,
        origin: call.origin(Actor::person("")),
        action: Action::StartTwoFactor,
        subject: String::new(),
        outcome: "begun".to_owned(),
    };
    let started = call
        .services
        .database()?
        .start_set_up(&set_up, &entry)
        .await?;
    let visit = Visit {
        found: started.factor,
        key: None,
    };
    let admitted = call.caller.admit(&whose, visit, now)?;
    if !started.has_begun {
        return Err(not_recent());
    }
    let label = admitted.account.person().label();
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
        expires_at: set_up.until,
    };
    Ok(Reply::json(StatusCode::OK, &body))
}
