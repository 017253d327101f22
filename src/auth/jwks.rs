//! The issuer's public keys: the document (RFC 7517) and the cache of it.

mod cache;
mod document;
pub mod source;

use std::time::Duration;

pub use cache::{
    IssuerKey, JwksCache, Lookup, MAX_AGE, REFETCH_INTERVAL, REFRESH_AGE, RETRY_INTERVAL,
    VerificationKey,
};
pub use document::{Curve, Jwk, KeyMaterial, parse};

/// How long fetching the document may take, its body included.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes the document may have.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;

/// Why there is no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Not within [`FETCH_TIMEOUT`].
    #[error("timed out")]
    TimedOut,
    /// The connection could not be made or broke.
    #[error("connection failed")]
    Connection,
    /// The document is larger than [`MAX_DOCUMENT_BYTES`].
    #[error("document too large")]
    TooLarge,
    /// The answer's status is not 200; redirects are not followed.
    #[error("status {0}")]
    Status(u16),
    /// The document is not a JWK set.
    #[error("malformed document")]
    Malformed,
}
