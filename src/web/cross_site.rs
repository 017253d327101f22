//! Cross-site request forgery: what a browser sends with a cookie must come from our own pages.
//!
//! `SameSite=Strict` keeps the cookie away from other sites, but not from a sibling such as another
//! subdomain. Browsers say where a request comes from in `Sec-Fetch-Site` (Fetch Metadata), those
//! before 2023 in `Origin` only.

use http::{HeaderName, Method, StatusCode, header};

use super::ApiError;
use super::request::Request;

pub const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a request with a cookie that another site may have caused.
///
/// # Errors
///
/// 403.
pub fn check(request: &Request) -> Result<(), ApiError> {
    let is_safe = matches!(request.method, Method::GET | Method::HEAD);
    let header = |name| request.headers.get(name).map(|value| value.as_bytes());
    let is_own = match (header(SEC_FETCH_SITE), header(header::ORIGIN)) {
        // What a person typed or opened from a bookmark comes from no site.
        (Some(site), _) => site == b"same-origin" || (is_safe && site == b"none"),
        (None, Some(origin)) => origin == request.origin.as_bytes(),
        (None, None) => is_safe,
    };
    if is_own {
        return Ok(());
    }
    Err(refused())
}

pub fn refused() -> ApiError {
    let message = "Requests with a session must come from the console itself";
    ApiError::new(StatusCode::FORBIDDEN, message).because("cross_site")
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn is_let_through(method: Method, site: Option<&str>, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in [(SEC_FETCH_SITE, site), (header::ORIGIN, origin)] {
            headers.extend(value.map(|value| (name, HeaderValue::from_str(value).unwrap())));
        }
        let request = Request {
            method,
            origin: "https://api.example".to_owned(),
            path: "/admin/users".to_owned(),
            query: None,
            headers,
            body: None,
        };
        check(&request).is_ok()
    }

    #[test]
    fn a_change_comes_from_our_own_pages() {
        let own = Some("https://api.example");
        for (site, origin, expected) in [
            (Some("same-origin"), own, true),
            (Some("same-origin"), None, true),
            (None, own, true),
            (None, None, false),
            (None, Some("null"), false),
            (None, Some("https://api.example:8443"), false),
            (None, Some("http://api.example"), false),
            (Some("same-site"), own, false),
            (Some("cross-site"), own, false),
            (Some("none"), own, false),
            (Some(""), own, false),
            (Some("Same-Origin"), own, false),
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert_eq!(
                    is_let_through(method, site, origin),
                    expected,
                    "{site:?} {origin:?}"
                );
            }
        }
    }

    #[test]
    fn a_read_may_be_typed_but_not_embedded() {
        for (site, expected) in [
            (Some("same-origin"), true),
            (Some("none"), true),
            (None, true),
            (Some("same-site"), false),
            (Some("cross-site"), false),
        ] {
            assert_eq!(
                is_let_through(Method::GET, site, None),
                expected,
                "{site:?}"
            );
        }
        assert!(!is_let_through(
            Method::GET,
            None,
            Some("https://evil.example")
        ));
    }
}
