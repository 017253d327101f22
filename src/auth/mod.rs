//! Who calls.
//!
//! Two kinds of proof exist: the admin key ([`admin_key`]) and a JWT of our
//! identity provider ([`jwt`], [`jwks`], [`authenticator`]). Everything here is policy and runs natively;
//! fetching and cryptography come in through the traits [`KeySource`] and
//! [`SignatureVerifier`].

pub mod admin;
pub mod admin_key;
pub mod authenticator;
pub mod bearer;
mod claims;
mod header;
pub mod identity;
pub mod jwks;
pub mod jwt;
pub mod refusal;
pub mod signature;

#[cfg(test)]
mod fake;

pub use admin::{Admin, authenticate_admin};
pub use admin_key::AdminKeyProof;
pub use authenticator::Authenticator;
pub use bearer::bearer;
pub use identity::Identity;
pub use jwks::{JwksCache, KeySource, KeysError};
pub use refusal::{AuthError, Refusal};
pub use signature::{Algorithm, CryptoError, SignatureVerifier};
