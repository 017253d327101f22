//! The runtime behind our own traits: D1, fetch, WebCrypto, clock,
//! CSPRNG, logs, and what an isolate shares.

pub mod bindings;
pub mod d1;
pub mod events;
pub mod fetch;
pub mod isolate;
pub mod log;
pub mod queue;
pub mod runtime;
pub mod unicode;
pub mod webcrypto;
