//! The only place that knows the runtime: D1, fetch, WebCrypto, clock, CSPRNG, logs.

pub mod d1;
pub mod entry;
pub mod fetch;
pub mod isolate;
pub mod jwks_source;
pub mod log;
pub mod runtime;
pub mod webcrypto;
