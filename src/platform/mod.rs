//! The runtime behind the traits: what only workerd can do.

pub mod jwks_source;
pub mod webcrypto;
