//! Errors of the account API. Their codes are those of the original.

use http::StatusCode;

use crate::account::{CodeError, Invalid};
use crate::auth::{AuthError, Refusal};
use crate::kernel::SealError;
use crate::web::{ApiError, ErrorFormat};

impl From<Invalid> for ApiError {
    fn from(fault: Invalid) -> Self {
        let cause = format!("{}: {}", fault.attr.unwrap_or("body"), fault.code);
        let mut error = Self::bad_request(fault.detail);
        error.attr = fault.attr;
        error.coded(fault.code).because(cause)
    }
}

/// 400 of a body.
pub fn not_json() -> ApiError {
    ApiError::bad_request("The request body is not valid JSON.")
}

/// 400 of a body with a number that could not be read back.
pub fn number_out_of_range() -> ApiError {
    ApiError::bad_request("A number in the request body is out of range.")
}

/// 415: `error` as this API puts it.
pub fn unsupported_media_type(mut error: ApiError) -> ApiError {
    error.message = "Unsupported media type in request.".into();
    error
}

pub fn not_an_object() -> ApiError {
    ApiError::bad_request("Expected a JSON object.")
        .coded("invalid_input")
        .because("invalid_input")
}

/// 401 or 403 of a refused credential, or 503 where it could not be checked.
pub fn unauthenticated(error: AuthError) -> ApiError {
    let code = error.code();
    match error {
        AuthError::KeysUnavailable(_) => error.into(),
        AuthError::Refused(Refusal::CredentialsMissing | Refusal::SchemeNotBearer) => {
            let detail = "Authentication credentials were not provided.";
            ApiError::new(StatusCode::UNAUTHORIZED, detail)
                .coded("not_authenticated")
                .because(code)
        }
        // It tells a guesser that the admin key is right.
        AuthError::Refused(refusal) if refusal.is_forbidden() => {
            denied("You do not have permission to perform this action.")
                .because(code)
                .counted_as_failed_authentication()
        }
        AuthError::Refused(Refusal::ApiKeyMalformed) => invalid_api_key().because(code),
        AuthError::Refused(_) => invalid_token(code),
    }
}

/// 401 of a token that is not valid, or whose subject has no account.
pub fn invalid_token(cause: &'static str) -> ApiError {
    let detail = "The access token is invalid or has expired.";
    ApiError::new(StatusCode::UNAUTHORIZED, detail).because(cause)
}

/// 401 of an API key that is unknown or revoked.
pub fn invalid_api_key() -> ApiError {
    let detail = "The API key is invalid or was revoked.";
    ApiError::new(StatusCode::UNAUTHORIZED, detail).because("api_key_unknown")
}

/// 403.
pub fn denied(detail: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, detail)
}

/// 403 of a person who signed in too long ago.
pub fn not_recent() -> ApiError {
    denied("This action requires you to be recently authenticated.")
        .coded("sensitive_action_required_reauth")
}

/// 404 of an account that does not exist, or was deleted meanwhile.
pub fn no_account() -> ApiError {
    ApiError::not_found("Not found.").because("user_unknown")
}

impl From<CodeError> for ApiError {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Rejected => wrong_code(),
            CodeError::CurrentRejected => wrong_code().at("current_token"),
            CodeError::NoSetup => no_setup(),
            CodeError::Locked(seconds) => ErrorFormat::Account
                .throttled(seconds)
                .because("second_factor_locked"),
            CodeError::Database(error) => error.into(),
            CodeError::NoKey | CodeError::BadSecret(..) | CodeError::Seal(_) => {
                Self::internal(error.to_string())
            }
        }
    }
}

/// 500 of `what` that could not be sealed: the key is there, so only the cipher can have failed.
pub fn not_sealed(what: &'static str) -> impl Fn(SealError) -> ApiError {
    move |error| ApiError::internal(format!("{what}: {error}"))
}

pub fn wrong_code() -> ApiError {
    ApiError::bad_request("Token is not valid").coded("token_invalid")
}

/// 400 of an action that needs a second factor.
pub fn two_factor_is_off() -> ApiError {
    ApiError::bad_request("2FA must be enabled first").coded("2fa_not_enabled")
}

/// 400 of a set-up that has expired, or never began.
fn no_setup() -> ApiError {
    let detail = "2FA setup session expired. Please start setup again.";
    ApiError::bad_request(detail).coded("setup_expired")
}

/// 400 of an e-mail that is another user's.
pub fn email_taken() -> ApiError {
    let detail = "There is already an account with this email address.";
    ApiError::from(Invalid::input("email", detail))
}
