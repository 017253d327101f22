//! Support's tools: provisioning of single users, runs, API keys.

pub mod api_keys;
pub mod backfill;
pub mod diagnostics;
mod fields;
pub mod reset;
pub mod run;
pub mod runs;
