//! Authentication: the admin key ([`admin_key`]), JWTs of the identity provider ([`jwt`],
//! [`jwks`], [`authenticator`]) and API keys ([`api_key`]). Fetching and cryptography come in
//! through [`HttpClient`](crate::kernel::http_client::HttpClient) and [`Signatures`].

pub mod admin;
pub mod admin_key;
pub mod api_key;
pub mod authenticator;
pub mod bearer;
mod claims;
pub mod endpoints;
mod header;
pub mod identity;
pub mod jwks;
pub mod jwt;
pub mod refusal;
pub mod signature;
pub mod store;
pub mod subject;
pub mod verified;

#[cfg(test)]
pub(crate) mod fake;

pub use admin::{AdminPair, authenticate_pair};
pub use api_key::{ApiKey, PresentedKey, Scope};
pub use authenticator::Authenticator;
pub use bearer::bearer;
pub use identity::{Identity, SignIn};
pub use jwks::{JwksCache, KeysError};
pub use jwt::{ClaimNames, JwtConfig};
pub use refusal::{AuthError, Refusal};
pub use signature::{Algorithm, CryptoError, PublicKey, Signatures};
