//! How each of our APIs writes an error down. A route belongs to one surface.

use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::kernel::RequestId;

use super::{ApiError, Reply};

/// An API with its own error shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Admin, credentials and service routes.
    Admin,
}

/// The error body of [`Surface::Admin`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdminErrorBody<'a> {
    success: bool,
    error: &'a str,
    message: &'a str,
    code: u16,
    request_id: &'a str,
}

impl Surface {
    /// The answer that tells the client's face of `error`.
    pub fn render(self, error: &ApiError, request_id: &RequestId) -> Reply {
        let mut reply = match self {
            Self::Admin => Reply::json(
                error.status,
                &AdminErrorBody {
                    success: false,
                    error: error.status.canonical_reason().unwrap_or("Error"),
                    message: &error.message,
                    code: error.status.as_u16(),
                    request_id: request_id.as_str(),
                },
            ),
        };
        reply = reply.header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if error.status == StatusCode::UNAUTHORIZED {
            // RFC 6750, section 3.
            reply = reply.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = error.retry_after_s {
            reply = reply.header(RETRY_AFTER, HeaderValue::from(seconds));
        }
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Timestamp;
    use crate::kernel::random::seeded::Seeded;

    #[test]
    fn a_401_says_what_was_published_and_nothing_of_the_cause() {
        let id = RequestId::mint(Timestamp::from_millis(1), &Seeded::new(1));
        let reply = Surface::Admin.render(&ApiError::unauthorized("admin_key_wrong"), &id);
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "success": false,
                "error": "Unauthorized",
                "message": "Authentication required. Please provide a valid API token",
                "code": 401,
                "requestId": id.as_str(),
            })
        );
        assert_eq!(reply.headers[WWW_AUTHENTICATE], "Bearer");
    }

    #[test]
    fn a_500_says_nothing_more() {
        let id = RequestId::mint(Timestamp::from_millis(1), &Seeded::new(1));
        let reply = Surface::Admin.render(&ApiError::internal("D1: no such table"), &id);
        let text = String::from_utf8(reply.body.clone()).unwrap();
        assert!(text.contains("An unexpected error occurred on the server"));
        assert!(!text.contains("D1"));
    }
}
