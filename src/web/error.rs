//! Errors have two sides: what the client is told, and what the log says.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use http::StatusCode;

use crate::auth::AuthError;
use crate::db::DatabaseError;
use crate::operators::Shortfall;
use crate::services::{NoSealingKey, SessionError};

/// A request that failed. Boxed, since `?` moves it through every handler.
#[derive(Debug, Clone)]
pub struct ApiError(Box<ErrorParts>);

/// What the client and the log are told of a request that failed.
#[derive(Debug, Clone)]
pub struct ErrorParts {
    pub status: StatusCode,
    /// For the client.
    pub message: Cow<'static, str>,
    /// For the log: a stable name or a sentence without secrets.
    pub cause: Cow<'static, str>,
    /// `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
    /// `Allow`: the methods there are.
    pub allow: Option<Box<str>>,
    /// Whether the body was compressed, which `Accept-Encoding` forbids.
    pub is_encoded: bool,
    /// Whether a 401 asks for a newer sign-in of a session that is otherwise good.
    pub asks_for_step_up: bool,
    /// Whether it counts against the client's address.
    pub failed_authentication: bool,
    /// The fault's name, for an API that has names; `None`: the status' own.
    pub code: Option<&'static str>,
    /// The field that is at fault, for an API that names it apart.
    pub attr: Option<&'static str>,
}

impl Deref for ApiError {
    type Target = ErrorParts;

    fn deref(&self) -> &ErrorParts {
        &self.0
    }
}

impl DerefMut for ApiError {
    fn deref_mut(&mut self) -> &mut ErrorParts {
        &mut self.0
    }
}

impl ApiError {
    /// An error whose cause the client may know as well.
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(status, message.into())
    }

    fn of(status: StatusCode, message: Cow<'static, str>) -> Self {
        Self(Box::new(ErrorParts {
            status,
            cause: message.clone(),
            message,
            retry_after_s: None,
            allow: None,
            is_encoded: false,
            asks_for_step_up: false,
            failed_authentication: status == StatusCode::UNAUTHORIZED,
            code: None,
            attr: None,
        }))
    }

    /// What the client is told.
    pub fn into_message(self) -> String {
        self.0.message.into_owned()
    }

    /// What the log says.
    pub fn into_cause(self) -> String {
        self.0.cause.into_owned()
    }

    /// 400 for input that names its own fault.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401; why is for the log.
    pub fn unauthorized(cause: impl Into<Cow<'static, str>>) -> Self {
        let message = "Authentication required. Please provide a valid API token";
        Self::new(StatusCode::UNAUTHORIZED, message).because(cause)
    }

    /// 403; why is for the log.
    pub fn forbidden(cause: impl Into<Cow<'static, str>>) -> Self {
        let message = "You do not have permission to perform this action";
        Self::new(StatusCode::FORBIDDEN, message).because(cause)
    }

    /// 503 where no one can sign in to the console.
    pub fn sign_in_not_configured() -> Self {
        let message = "Sign-in is not configured. Set CONSOLE_CLIENT_ID and CONSOLE_CLIENT_SECRET; \
                       GET /health names what else is missing";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message).because("sign_in_not_configured")
    }

    /// 404 for a thing that does not exist.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 404 for a user, of the path or the body.
    pub fn unknown_user() -> Self {
        Self::not_found("User not found")
    }

    /// 500; why is for the log.
    pub fn internal(cause: impl Into<Cow<'static, str>>) -> Self {
        let message = "An unexpected error occurred on the server";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message).because(cause)
    }

    /// Counts against the client's address, as every 401 does.
    #[must_use]
    pub fn counted_as_failed_authentication(mut self) -> Self {
        self.failed_authentication = true;
        self
    }

    /// Asks for a newer sign-in of a session that is otherwise good: its caller is known, so it is no failed
    /// authentication.
    #[must_use]
    fn asking_for_step_up(mut self) -> Self {
        self.asks_for_step_up = true;
        self.failed_authentication = false;
        self
    }

    /// Names the methods there are.
    #[must_use]
    pub fn allowing(mut self, methods: impl Into<Box<str>>) -> Self {
        self.allow = Some(methods.into());
        self
    }

    /// Asks the client to come back after `seconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Names the fault for the client.
    #[must_use]
    pub fn coded(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Names the field that is at fault.
    #[must_use]
    pub fn at(mut self, attr: &'static str) -> Self {
        self.attr = Some(attr);
        self
    }

    /// Names the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Cow<'static, str>>) -> Self {
        self.cause = cause.into();
        self
    }
}

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            // A session that has ended is no guess, and no one could guess one. The console asks for a new
            // sign-in at this 401: a 429 in its place would keep people from it.
            SessionError::Refused(error) => {
                let mut error = Self::from(error);
                error.failed_authentication = false;
                error
            }
            SessionError::Database(error) => error.into(),
        }
    }
}

/// Asks for a sign-in of the last 15 minutes (RFC 9470, section 3).
pub const STEP_UP_CHALLENGE: &str =
    "Bearer error=\"insufficient_user_authentication\", max_age=\"900\"";

impl From<Shortfall> for ApiError {
    fn from(shortfall: Shortfall) -> Self {
        match shortfall {
            Shortfall::Role(role) => {
                let message = format!("This takes the role {}", role.as_str());
                Self::new(StatusCode::FORBIDDEN, message).because("role_too_low")
            }
            Shortfall::RecentToken => {
                let message = "This takes a sign-in of the last 2 hours";
                Self::new(StatusCode::FORBIDDEN, message)
            }
            Shortfall::StepUp => {
                let message = "This takes a sign-in of the last 15 minutes";
                Self::new(StatusCode::UNAUTHORIZED, message).asking_for_step_up()
            }
        }
    }
}

impl From<NoSealingKey> for ApiError {
    fn from(error: NoSealingKey) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            // It tells a guesser that the admin key is right.
            AuthError::Refused(refusal) if refusal.is_forbidden() => {
                Self::forbidden(error.code()).counted_as_failed_authentication()
            }
            AuthError::Refused(_) => Self::unauthorized(error.code()),
            AuthError::KeysUnavailable(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Tokens cannot be verified at the moment",
            )
            .because(error.to_string())
            .retry_after(1),
        }
    }
}
