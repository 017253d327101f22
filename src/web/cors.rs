//! Calls from pages of other origins (Fetch standard, CORS protocol). Any page may call the
//! user-key API: it needs keys, and no browser sends those of its own accord.

use http::{HeaderValue, StatusCode, header};

use super::Reply;
use super::route::Route;

/// What a browser asks before it sends keys from a page of another origin.
pub fn preflight(route: &Route) -> Reply {
    let mut reply = Reply::empty(StatusCode::NO_CONTENT)
        .header(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("authorization, content-type, x-api-key, x-user-key"),
        )
        .header(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("86400"),
        );
    if let Ok(methods) = HeaderValue::from_str(&route.allowed()) {
        reply = reply
            .header(header::ALLOW, methods.clone())
            .header(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    reply
}
