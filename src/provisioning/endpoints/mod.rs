//! What administrators and clients ask of provisioning.

pub mod backfill;
pub mod credentials;
pub mod diagnostics;
mod errors;
pub mod reset;
pub mod run;
pub mod runs;

#[cfg(test)]
mod tests;
