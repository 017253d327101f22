//! Calls from pages of other origins (Fetch standard, CORS protocol). Any page may call the
//! user-key API: it needs keys, and no browser sends those of its own accord.

use http::{HeaderValue, Method, StatusCode, header};

use super::Reply;
use super::route::Route;

/// The methods of a path of the user-key API, which has one operation a path.
pub fn methods(route: &Route) -> &'static str {
    if route.method == Method::GET {
        "GET, HEAD, OPTIONS"
    } else {
        "POST, OPTIONS"
    }
}

/// What a browser asks before it sends keys from a page of another origin.
pub fn preflight(route: &Route) -> Reply {
    let methods = HeaderValue::from_static(methods(route));
    Reply::empty(StatusCode::NO_CONTENT)
        .header(header::ALLOW, methods.clone())
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, methods)
        .header(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("authorization, content-type, x-api-key, x-user-key"),
        )
        .header(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("86400"),
        )
}
