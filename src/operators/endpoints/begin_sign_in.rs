//! `GET /console/auth/login`: sends the browser to the identity provider.

use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderValue, StatusCode};

use super::cookies;
use super::finish_sign_in::{provider_failed, redirect_uri};
use crate::operators::SessionToken;
use crate::operators::oidc::{Login, MAX_AGE, MIN_AGE, ReturnTo};
use crate::web::caller::Anyone;
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Parameter, Spec, errors};
use crate::web::query::Query;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get_only(
    "/console/auth/login",
    "beginSignIn",
    handler!(handle: Anyone),
);

async fn handle(call: Call<Anyone>) -> Result<Reply, ApiError> {
    let query = call.query(&["return", "maxAge"])?;
    let return_to = query.text("return").map(ReturnTo::parse).transpose();
    let return_to = return_to
        .map_err(ApiError::bad_request)?
        .unwrap_or_default();
    let max_age = max_age(&query)?;
    let services = &call.services;
    let redirect_uri = redirect_uri(&call.input.origin);
    let (Some(provider), Ok(sealer)) = (services.provider(&redirect_uri), services.sealer()) else {
        return Err(ApiError::sign_in_not_configured());
    };
    // Where it is no session any more, nothing is replaced.
    let replaces = SessionToken::of(&call.input.headers).ok().flatten();
    let replaces = replaces.map(|token| token.hash());
    let random = &*services.random;
    let login = Login::begin(return_to, max_age, replaces, call.now(), random);
    let sealed = login.seal(sealer, random);
    let sealed = sealed.map_err(|error| ApiError::internal(error.to_string()))?;
    let url = provider.authorization_url(&login).await;
    let url = url.map_err(provider_failed)?;
    let location = HeaderValue::from_str(url.as_str())
        .map_err(|_| ApiError::internal("the authorization endpoint has odd characters"))?;
    Ok(Reply::empty(StatusCode::FOUND)
        .header(LOCATION, location)
        .header(SET_COOKIE, cookies::begun(&sealed)?))
}

fn max_age(query: &Query) -> Result<u32, ApiError> {
    query
        .count("maxAge", MAX_AGE, MAX_AGE)
        .ok()
        .filter(|seconds| *seconds >= MIN_AGE)
        .ok_or_else(|| {
            let range = format!("maxAge: must be an integer from {MIN_AGE} to {MAX_AGE}");
            ApiError::bad_request(range)
        })
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    use serde_json::json;

    OperationDoc::new(
        "Console",
        "Sends the browser to the identity provider",
        "For browsers: errors are pages. The provider sends the browser back to finishSignIn. A browser that \
         has a session must come back as the same operator, and its session is replaced.",
    )
    .parameter(Parameter::query(
        "return",
        "Where the console goes on after the sign-in: a fragment of at most 1024 bytes without control characters.",
        json!({ "type": "string", "pattern": "^#/", "default": "#/", "examples": ["#/runs"] }),
    ))
    .parameter(Parameter::query(
        "maxAge",
        "The oldest sign-in at the provider that will do, in seconds. 900 is a sign-in for acts that take a recent one.",
        json!({ "type": "integer", "minimum": MIN_AGE, "maximum": MAX_AGE, "default": MAX_AGE }),
    ))
    .answer(
        Answer::empty(302, "To the provider; a cookie keeps what the callback needs, for 10 minutes.").no_store(),
    )
    .error(errors::sign_in_refused())
    .error(errors::sign_in_too_large())
    .error(errors::sign_in_unavailable())
}
