//! The error formats: how each API writes an error down.

use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ALLOW,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderValue, Method, StatusCode};
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::RequestId;

use crate::web::error::STEP_UP_CHALLENGE;
#[cfg(test)]
use crate::web::openapi::Schemas;
use crate::web::{ApiError, Reply, sign_in_page};

/// The shortest period that a rate-limit binding knows, in seconds.
const LIMIT_PERIOD_S: u64 = 10;

/// An API with its own error format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorFormat {
    /// Admin, credentials and service routes.
    Admin,
    /// The user-key API, whose clients know its words.
    UserKeys,
    /// The account API, whose errors have a type, a code and a field.
    Account,
    /// The steps of signing in to the console, which a browser shows as pages.
    SignIn,
}

/// How every error is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Error"))]
struct AdminErrorBody<'a> {
    /// Always false.
    #[cfg_attr(test, schemars(extend("const" = false)))]
    success: bool,
    /// The reason phrase of the status.
    #[cfg_attr(test, schemars(extend("enum" = STATUSES.map(reason))))]
    error: &'a str,
    /// For humans. Carries no secret, no e-mail and no text of 3dEye.
    #[cfg_attr(test, schemars(length(min = 1)))]
    message: &'a str,
    /// The status.
    #[cfg_attr(test, schemars(extend("enum" = STATUSES)))]
    code: u16,
    #[cfg_attr(test, schemars(with = "RequestId"))]
    request_id: &'a str,
}

/// How the user-key API writes every error.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Detail"))]
struct UserKeysErrorBody<'a> {
    #[cfg_attr(test, schemars(length(min = 1)))]
    detail: &'a str,
}

/// How the account API writes every error.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "AccountError"))]
struct AccountErrorBody<'a> {
    /// The kind of error.
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(extend("enum" = ACCOUNT_TYPES)))]
    kind: &'static str,
    /// The error's name, for programs.
    #[cfg_attr(test, schemars(extend("enum" = ACCOUNT_CODES)))]
    code: &'static str,
    /// For humans. Repeats no value but a choice that is not valid.
    #[cfg_attr(test, schemars(length(min = 1)))]
    detail: &'a str,
    /// The field of the body that is at fault; null: none is.
    #[cfg_attr(test, schemars(length(min = 1)))]
    attr: Option<&'static str>,
}

#[cfg(test)]
const STATUSES: [u16; 13] = [
    400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 501, 502, 503,
];

#[cfg(test)]
fn reason(status: u16) -> &'static str {
    let status = StatusCode::from_u16(status).unwrap();
    status.canonical_reason().unwrap()
}

#[cfg(test)]
const ACCOUNT_TYPES: [&str; 5] = [
    "authentication_error",
    "invalid_request",
    "validation_error",
    "throttled_error",
    "server_error",
];

#[cfg(test)]
const ACCOUNT_CODES: [&str; 24] = [
    "not_authenticated",
    "authentication_failed",
    "permission_denied",
    "sensitive_action_required_reauth",
    "not_found",
    "method_not_allowed",
    "parse_error",
    "request_too_large",
    "unsupported_media_type",
    "required",
    "blank",
    "null",
    "max_length",
    "invalid_input",
    "invalid_choice",
    "does_not_exist",
    "incorrect_type",
    "setup_expired",
    "token_invalid",
    "2fa_not_enabled",
    "email_change_request_not_found",
    "invalid_token",
    "throttled",
    "error",
];

impl<'a> AccountErrorBody<'a> {
    fn of(error: &'a ApiError) -> Self {
        let (kind, code) = match error.status {
            StatusCode::UNAUTHORIZED => ("authentication_error", "authentication_failed"),
            StatusCode::FORBIDDEN => ("authentication_error", "permission_denied"),
            StatusCode::NOT_FOUND => ("invalid_request", "not_found"),
            StatusCode::METHOD_NOT_ALLOWED => ("invalid_request", "method_not_allowed"),
            StatusCode::PAYLOAD_TOO_LARGE => ("invalid_request", "request_too_large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ("invalid_request", "unsupported_media_type"),
            StatusCode::TOO_MANY_REQUESTS => ("throttled_error", "throttled"),
            status if status.is_server_error() => ("server_error", "error"),
            // A 400 without a name is a request that could not even be read.
            _ if error.code.is_none() => ("invalid_request", "parse_error"),
            _ => ("validation_error", "invalid_input"),
        };
        Self {
            kind,
            code: error.code.unwrap_or(code),
            detail: match error.status {
                StatusCode::INTERNAL_SERVER_ERROR => "A server error occurred.",
                _ => &error.message,
            },
            attr: error.attr,
        }
    }
}

impl ErrorFormat {
    /// The API that a path belongs to, also where there is no such route.
    pub fn of_path(path: &str) -> Self {
        if path.starts_with("/v1/") || path.starts_with("/v1.1/") {
            Self::UserKeys
        } else if path.starts_with("/api/") {
            Self::Account
        } else if path.starts_with("/console/auth/") {
            Self::SignIn
        } else {
            Self::Admin
        }
    }

    /// The error of a path that no route takes.
    pub fn unknown_path(self) -> ApiError {
        ApiError::not_found(match self {
            Self::Admin | Self::SignIn => "The requested resource was not found",
            Self::UserKeys => "Not found",
            Self::Account => "Not found.",
        })
    }

    /// The error of a method that a path does not have; `allow` lists those that it has.
    pub fn unknown_method(self, method: &Method, allow: impl Into<Box<str>>) -> ApiError {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let message = match self {
            Self::Admin | Self::SignIn => "The method is not allowed for this resource".to_owned(),
            _ => format!("Method \"{method}\" not allowed."),
        };
        ApiError::new(status, message).allowing(allow)
    }

    /// 429 of a caller who may come again after `seconds`.
    pub fn throttled(self, seconds: u64) -> ApiError {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let message = match self {
            Self::Admin | Self::SignIn => "Too many requests".to_owned(),
            Self::UserKeys => {
                format!("Request was throttled. Expected available in {seconds} second(s).")
            }
            Self::Account => {
                format!("Request was throttled. Expected available in {seconds} seconds.")
            }
        };
        ApiError::new(status, message).retry_after(seconds)
    }

    /// 429 of a rate-limit binding.
    pub fn too_many(self) -> ApiError {
        self.throttled(LIMIT_PERIOD_S)
    }

    /// What the client is told of `error`.
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
            Self::UserKeys => Reply::json(
                error.status,
                &UserKeysErrorBody {
                    detail: &error.message,
                },
            ),
            Self::Account => Reply::json(error.status, &AccountErrorBody::of(error)),
            Self::SignIn => sign_in_page::failed(error, request_id),
        };
        if error.status == StatusCode::UNAUTHORIZED {
            // RFC 6750, section 3.
            let challenge = if error.asks_for_step_up {
                STEP_UP_CHALLENGE
            } else {
                "Bearer"
            };
            reply = reply.header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = error.retry_after_s {
            reply = reply.header(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if error.is_encoded {
            reply = reply.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if let Some(methods) = &error.allow
            && let Ok(methods) = HeaderValue::from_str(methods)
        {
            reply = reply.header(ALLOW, methods);
        }
        reply
    }

    /// The schema of its errors, in `openapi.json`.
    #[cfg(test)]
    pub fn schema(self, schemas: &mut Schemas) -> serde_json::Value {
        match self {
            Self::Admin => schemas.answer::<AdminErrorBody>(),
            Self::UserKeys => schemas.answer::<UserKeysErrorBody>(),
            Self::Account => schemas.answer::<AccountErrorBody>(),
            Self::SignIn => serde_json::json!({ "type": "string" }),
        }
    }

    /// Adds the headers that every answer of the API has. None may be stored: what is no secret
    /// today may be one tomorrow, and nothing here is worth a cache.
    pub fn finish(self, reply: Reply) -> Reply {
        let reply = reply.no_store();
        match self {
            Self::Admin | Self::Account | Self::SignIn => reply,
            Self::UserKeys => reply
                .header(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))
                .header(
                    ACCESS_CONTROL_EXPOSE_HEADERS,
                    HeaderValue::from_static("retry-after, x-request-id"),
                ),
        }
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
        let reply = ErrorFormat::Admin.render(&ApiError::unauthorized("admin_key_wrong"), &id);
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
        let reply = ErrorFormat::Admin.render(&ApiError::internal("D1: no such table"), &id);
        let text = String::from_utf8(reply.body.clone()).unwrap();
        assert!(text.contains("An unexpected error occurred on the server"));
        assert!(!text.contains("D1"));
    }
}
