//! What operations of the account API have in common in `openapi.json`.

use http::{HeaderMap, Method};
use serde_json::json;

use crate::account::Invalid;
use crate::auth::{AuthError, Refusal};
use crate::web::body::{check_media, encoded, too_large as body_too_large};
use crate::web::caller::CallerDescription;
use crate::web::openapi::{ErrorAnswer, Parameter, any_text, errors};
use crate::web::{ApiError, ErrorFormat};

use super::error::{self, denied, invalid_api_key, invalid_token, no_account, not_recent};

/// The path's `{uuid}`.
pub fn uuid() -> Parameter {
    Parameter::path(
        "AccountUuid",
        "uuid",
        "`@me`: the caller. Support may name any user by `users.uuid`. Any other caller who \
         does so is refused with 403, even if the user is the caller.",
        any_text("@me"),
    )
}

/// A caller who shows one of these credentials.
pub fn caller(security: Vec<Vec<&'static str>>) -> CallerDescription {
    CallerDescription {
        least_role: None,
        security,
        errors: vec![
            unreadable(),
            unauthorized(),
            forbidden(),
            not_found(),
            too_large(),
            throttled(),
            internal(),
            keys_unavailable(),
        ],
        body_errors: vec![bad_request(), not_json()],
    }
}

/// 400 where no field is read and the account need not be in any state.
fn unreadable() -> ErrorAnswer {
    ErrorAnswer::new(
        "AccountUnreadable",
        "The path is no UTF-8, or a body that the operation does not read breaks off.",
        [(
            "path",
            ApiError::bad_request("path: not valid UTF-8 after percent-decoding"),
        )],
    )
}

pub fn bad_request() -> ErrorAnswer {
    ErrorAnswer::new(
        "AccountBadRequest",
        "The body is no JSON object, a field is missing or wrong, or the account is not in the \
         state that the action needs. attr is the field.",
        [
            ("json", error::not_json()),
            ("object", error::not_an_object()),
            ("required", Invalid::required("token").into()),
            ("code", error::wrong_code()),
        ],
    )
    .narrowed(json!({ "oneOf": [
        { "type": "object", "properties": {
            "type": { "const": "invalid_request" },
            "code": { "const": "parse_error" },
            "attr": { "const": null },
        } },
        { "type": "object", "properties": {
            "type": { "const": "validation_error" },
            "code": { "enum": [
                "required", "blank", "null", "max_length", "invalid_input", "invalid_choice",
                "does_not_exist", "incorrect_type", "setup_expired", "token_invalid",
                "2fa_not_enabled", "email_change_request_not_found", "invalid_token",
            ] },
        } },
    ] }))
}

fn unauthorized() -> ErrorAnswer {
    let missing = AuthError::Refused(Refusal::CredentialsMissing);
    ErrorAnswer::new(
        "AccountUnauthorized",
        "No credentials, unknown ones, or some that are not valid any more. Why is told to the log only.",
        [
            ("missing", error::unauthenticated(missing)),
            ("token", invalid_token("example")),
            ("key", invalid_api_key()),
        ],
    )
    .fixed()
}

fn forbidden() -> ErrorAnswer {
    ErrorAnswer::new(
        "AccountForbidden",
        "The credentials are good, but not for this.",
        [
            (
                "anotherUser",
                denied(
                    "As a non-staff user you're only allowed to access the `@me` user instance.",
                ),
            ),
            ("notRecent", not_recent()),
            (
                "apiKey",
                denied("This action does not support personal API key access"),
            ),
            (
                "scope",
                denied("API key missing required scope 'user:write'"),
            ),
        ],
    )
}

fn not_found() -> ErrorAnswer {
    ErrorAnswer::new(
        "AccountNotFound",
        "No such user, asked by support; or no such path.",
        [("unknown", no_account())],
    )
    .fixed()
}

/// Of a GET that changes something, and so has no HEAD.
pub fn method_not_allowed() -> ErrorAnswer {
    ErrorAnswer::new(
        "AccountMethodNotAllowed",
        "The path exists, but not with this method. Tied to a route only where HEAD is refused, \
         because the GET changes something.",
        [(
            "method",
            ErrorFormat::Account.unknown_method(&Method::PUT, "GET"),
        )],
    )
    .text_like("^Method \".+\" not allowed\\.$")
}

pub fn too_large() -> ErrorAnswer {
    ErrorAnswer::new(
        "AccountTooLarge",
        "The request body is longer than 65536 bytes.",
        [("tooLarge", body_too_large())],
    )
}

pub fn not_json() -> ErrorAnswer {
    let refusal = check_media(&HeaderMap::new()).unwrap_err();
    ErrorAnswer::new(
        "AccountNotJson",
        "The body is not application/json, or it is compressed.",
        [
            ("mediaType", error::unsupported_media_type(refusal)),
            ("compressed", error::unsupported_media_type(encoded())),
        ],
    )
    .fixed()
}

pub fn throttled() -> ErrorAnswer {
    ErrorAnswer::new(
        "AccountThrottled",
        "Too many wrong codes in a row: until Retry-After has passed even the right one is \
         refused. Or, with the binding AUTH_RATE_LIMITER, too many failed authentications from \
         this address.",
        [("locked", ErrorFormat::Account.throttled(30))],
    )
    .text_like("^Request was throttled\\. Expected available in [1-9][0-9]* seconds\\.$")
}

pub fn internal() -> ErrorAnswer {
    ErrorAnswer::new(
        "AccountInternal",
        "A fault of this service. X-Request-Id leads to the log line that tells more.",
        [("internal", ApiError::internal("example"))],
    )
    .fixed()
}

fn keys_unavailable() -> ErrorAnswer {
    ErrorAnswer::new(
        "AccountKeysUnavailable",
        "The signing keys of the identity provider cannot be fetched, so no token can be checked.",
        [("keys", errors::no_keys())],
    )
}
