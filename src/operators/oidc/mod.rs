//! Signing in at the identity provider: OpenID Connect's code flow with PKCE, run by this service, so
//! that no token reaches a browser.

mod callback;
mod discovery;
mod discovery_cache;
mod id_token;
mod login;
mod provider;
mod token_endpoint;

use std::time::Duration;

use crate::kernel::http_client::HttpError;

pub use callback::{Callback, Outcome};
pub use discovery::ProviderMetadata;
pub use discovery_cache::DiscoveryCache;
pub use id_token::{SignedIn, policy};
pub use login::{LOGIN_COOKIE, LOGIN_LIFETIME, Login, LoginError, MAX_AGE, MIN_AGE, ReturnTo};
pub use provider::{Client, Provider};

/// How long one call to the provider may take, its body included.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes an answer of the provider may have.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Why the provider gave no usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Not within [`CALL_TIMEOUT`].
    #[error("timed out")]
    TimedOut,
    #[error("connection failed")]
    Connection,
    /// The answer is larger than [`MAX_ANSWER_BYTES`].
    #[error("answer too large")]
    TooLarge,
    /// Redirects are not followed.
    #[error("status {0}")]
    Status(u16),
    #[error("malformed answer")]
    Malformed,
    /// The discovery document is that of another issuer (OpenID Connect Discovery, 4.3).
    #[error("the document names another issuer")]
    OtherIssuer,
    #[error("an endpoint is neither https nor on a loopback host")]
    UnsafeEndpoint,
    /// `invalid_grant`: the code is used, expired, or another client's.
    #[error("the code is refused")]
    CodeRefused,
    /// `invalid_client`: `CONSOLE_CLIENT_ID` or `CONSOLE_CLIENT_SECRET` is wrong.
    #[error("the client is refused")]
    ClientRefused,
}

impl From<HttpError> for ProviderError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::TimedOut => Self::TimedOut,
            HttpError::Connection => Self::Connection,
            HttpError::TooLarge => Self::TooLarge,
        }
    }
}
