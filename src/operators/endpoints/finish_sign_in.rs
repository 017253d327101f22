//! `GET /console/auth/callback`: the identity provider sends the browser back, and a session begins.

use http::header::{LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::cookies;
use crate::auth::{AuthError, Identity, Refusal};
use crate::kernel::audit::{Action, Actor, Entry};
use crate::kernel::{Sealer, mask_email};
use crate::operators::oidc::{
    Callback, LOGIN_COOKIE, Login, LoginError, Outcome, ProviderError, SignedIn,
};
use crate::operators::session::cookie;
use crate::operators::store::{
    Beginning, KnownOperator, begin_session, find_by_email, refuse_session,
};
use crate::operators::{Operator, SessionToken};
use crate::web::caller::Anyone;
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Spec, errors};
use crate::web::request::client_address;
use crate::web::{ApiError, Call, ErrorFormat, Reply, Route, handler};

pub const ROUTE: Route = Route::get_only(
    "/console/auth/callback",
    "finishSignIn",
    handler!(handle: Anyone),
);

/// The most characters of a browser's name that are kept.
const MAX_AGENT_CHARS: usize = 200;

/// Where the provider sends the browser back to; registered there.
pub fn redirect_uri(origin: &str) -> String {
    format!("{origin}/console/auth/callback")
}

async fn handle(call: Call<Anyone>) -> Result<Reply, ApiError> {
    let services = &call.services;
    let redirect_uri = redirect_uri(&call.input.origin);
    let (Some(provider), Ok(sealer)) = (services.provider(&redirect_uri), services.sealer()) else {
        return Err(ApiError::sign_in_not_configured());
    };
    let (login, code) = answered_sign_in(&call, provider.issuer, sealer)?;
    // A script can begin sign-ins and answer them with codes of its own making, and the provider would be
    // asked about each.
    let address = client_address(&call.input.headers);
    if !services.address_within_limit(address).await {
        return Err(ErrorFormat::SignIn.too_many());
    }
    let token = provider.exchange(&code, &login).await;
    let token = token.map_err(provider_failed)?;
    let identity = services
        .verify_id_token(token.expose(), login.nonce())
        .await;
    let identity = identity.map_err(token_refused)?;
    let domains = &services.config.admin_email_domains;
    let person = match SignedIn::of(&identity, &login, domains, call.now()) {
        Ok(person) => person,
        Err(refusal) if refusal.is_forbidden() => {
            return no_access(&call, &identity, refusal.code()).await;
        }
        Err(refusal) => return Err(token_refused(refusal.into())),
    };
    if services.requires_second_factor() && !person.has_shown_second_factor {
        refuse(&call, &identity, "second_factor_missing").await?;
        let message = "Signing in to the console takes a second factor. Set one up at your identity \
                       provider, or ask for it there, and sign in again";
        return Err(ApiError::new(StatusCode::FORBIDDEN, message).because("second_factor_missing"));
    }
    let database = services.database()?;
    let operator = match find_by_email(&database, &person.email).await? {
        Some(operator) if operator.is_disabled => {
            return no_access(&call, &identity, "operator_disabled").await;
        }
        Some(operator) => operator,
        None => return no_access(&call, &identity, "not_an_operator").await,
    };
    let is_bound = operator.subject.is_some();
    if is_bound && operator.subject.as_ref() != Some(&person.subject) {
        return no_access(&call, &identity, "subject_differs").await;
    }
    begin(&call, &login, &person, operator).await
}

/// The sign-in of this browser that the callback answers, and the provider's code. What is refused counts
/// against the address.
fn answered_sign_in(
    call: &Call<Anyone>,
    issuer: &str,
    sealer: &Sealer,
) -> Result<(Login, String), ApiError> {
    let refused = |cause| start_again(cause).counted_as_failed_authentication();
    let callback = Callback::parse(call.input.query.as_deref());
    let callback = callback.ok_or_else(|| refused("callback_malformed"))?;
    let sealed = cookie(&call.input.headers, LOGIN_COOKIE).ok().flatten();
    let login = Login::open(sealed, &callback.state, sealer, call.now());
    let login = login.map_err(|error| match error {
        LoginError::None => refused("login_missing"),
        LoginError::OtherState => refused("state_wrong"),
        LoginError::Late => refused("login_late"),
    })?;
    if callback.issuer.is_some_and(|given| given != issuer) {
        return Err(refused("issuer_wrong"));
    }
    match callback.outcome {
        Outcome::Code(code) => Ok((login, code)),
        Outcome::Denied => {
            let message = "The sign-in was cancelled, or the identity provider does not let you in";
            Err(ApiError::bad_request(message).because("provider_denied"))
        }
        Outcome::Failed => Err(refused("provider_error")),
    }
}

async fn begin(
    call: &Call<Anyone>,
    login: &Login,
    person: &SignedIn,
    known: KnownOperator,
) -> Result<Reply, ApiError> {
    let operator = Operator {
        id: known.id,
        email: person.email.clone(),
        role: known.role,
        subject: known.subject,
    };
    let token = SessionToken::mint(&*call.services.random);
    let agent = agent(&call.input.headers);
    let entry = Entry {
        at: call.now(),
        origin: call.origin(operator.actor()),
        action: Action::BeginSession,
        subject: operator.id.clone(),
        outcome: "signed in".to_owned(),
    };
    let beginning = Beginning {
        token: &token,
        operator_id: &operator.id,
        person,
        agent: agent.as_deref(),
        replaces: login.replaces(),
    };
    if !begin_session(&call.services.database()?, &beginning, &entry).await? {
        let message = "You signed in as another person than the one whose session this browser has. Sign \
                       out in the console first, or sign in as before";
        return Err(ApiError::new(StatusCode::FORBIDDEN, message).because("operator_differs"));
    }
    let reply = see_other(&format!("/console/{}", login.return_to().fragment()))?;
    cookies::signed_in(reply, &token)
}

/// Sends a person who may not use the console to the page that says so.
async fn no_access(
    call: &Call<Anyone>,
    identity: &Identity,
    cause: &'static str,
) -> Result<Reply, ApiError> {
    refuse(call, identity, cause).await?;
    see_other("/console/#/no-access")
}

/// Records a refusal, unless the same one is in the trail for the last hour.
async fn refuse(
    call: &Call<Anyone>,
    identity: &Identity,
    cause: &'static str,
) -> Result<(), ApiError> {
    let entry = Entry {
        at: call.now(),
        origin: call.origin(Actor::signed_in(&identity.name())),
        action: Action::RefuseSession,
        subject: mask_email(identity.email.as_deref().unwrap_or_default()),
        outcome: cause.to_owned(),
    };
    Ok(refuse_session(&call.services.database()?, &entry).await?)
}

fn see_other(location: &str) -> Result<Reply, ApiError> {
    let location = HeaderValue::from_str(location)
        .map_err(|_| ApiError::internal("the place to return to has odd characters"))?;
    Ok(Reply::empty(StatusCode::SEE_OTHER).header(LOCATION, location))
}

/// The browser as it calls itself.
fn agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(MAX_AGENT_CHARS).collect())
}

/// 400 of a callback that is no answer to a sign-in of this browser, or no good one.
fn start_again(cause: &'static str) -> ApiError {
    let message =
        "This sign-in is not valid, or it took too long. Go back to the console and sign in again";
    ApiError::bad_request(message).because(cause)
}

fn token_refused(error: AuthError) -> ApiError {
    match error {
        AuthError::KeysUnavailable(_) => unavailable(error.to_string()),
        AuthError::Refused(Refusal::EmailMissing | Refusal::EmailNotVerified) => {
            let message = "The identity provider does not say that your e-mail is verified. Verify it there, \
                           and sign in again";
            ApiError::bad_request(message).because(error.code())
        }
        AuthError::Refused(Refusal::AuthTimeTooOld) => {
            let message = "Your last sign-in at the identity provider is too long ago. Sign out there, and \
                           sign in again";
            ApiError::bad_request(message).because(error.code())
        }
        AuthError::Refused(_) => start_again(error.code()),
    }
}

/// A provider that does not answer as it should.
pub fn provider_failed(error: ProviderError) -> ApiError {
    match error {
        ProviderError::CodeRefused => start_again("code_refused"),
        other => unavailable(format!("identity provider: {other}")),
    }
}

fn unavailable(cause: String) -> ApiError {
    let message = "The identity provider cannot be used at the moment. Try again in a minute; if it stays so, \
                   an administrator finds the cause in the log";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message)
        .because(cause)
        .retry_after(1)
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Console",
        "Begins a session",
        "For browsers, which the identity provider sends here with code and state: errors are pages. The \
         session is a cookie, `__Host-spkey_console`. A person who is no operator gets none, and is sent to \
         the console's page that says so.",
    )
    .answer(Answer::empty(303, "To the console.").no_store())
    .error(errors::sign_in_refused())
    .error(errors::sign_in_forbidden())
    .error(errors::sign_in_too_large())
    .error(errors::sign_in_too_many())
    .error(errors::sign_in_internal())
    .error(errors::sign_in_unavailable())
}
