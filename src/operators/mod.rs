//! Those who may use the console.

pub mod oidc;
