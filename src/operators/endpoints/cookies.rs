//! The cookies that are set. Their names begin with `__Host-`, so that browsers take them only with
//! `Secure`, `Path=/` and no `Domain`: no other host, nor another subdomain, can set or read them.

use http::HeaderValue;
use http::header::{HeaderName, SET_COOKIE};

use crate::kernel::Sealed;
use crate::operators::SessionToken;
use crate::operators::oidc::{LOGIN_COOKIE, LOGIN_LIFETIME};
use crate::operators::session::SESSION_COOKIE;
use crate::web::{ApiError, Reply};

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// A sign-in that is under way. `Lax`, as it has to come along when the provider sends the browser back.
pub fn begun(login: &Sealed) -> Result<HeaderValue, ApiError> {
    let seconds = LOGIN_LIFETIME.as_secs();
    value(format!(
        "{LOGIN_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}",
        login.as_str()
    ))
}

/// A session, until the browser is closed or the session ends. The sign-in is used up.
pub fn signed_in(mut reply: Reply, token: &SessionToken) -> Result<Reply, ApiError> {
    let session = format!(
        "{SESSION_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict",
        token.expose()
    );
    let login = format!("{LOGIN_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    for cookie in [session, login] {
        reply.headers.append(SET_COOKIE, value(cookie)?);
    }
    Ok(reply)
}

/// The session's cookie is taken back, with everything else that the browser keeps of the console.
pub fn signed_out(reply: Reply) -> Result<Reply, ApiError> {
    let session =
        format!("{SESSION_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok(reply.header(SET_COOKIE, value(session)?).header(
        CLEAR_SITE_DATA,
        HeaderValue::from_static("\"cache\",\"storage\""),
    ))
}

fn value(cookie: String) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(&cookie).map_err(|_| ApiError::internal("a cookie has odd characters"))
}
