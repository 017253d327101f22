//! Support's tools: provisioning of single users, runs, API keys, instances.

pub mod account_keys;
pub mod api_keys;
pub mod backfill;
pub mod diagnostics;
mod fields;
pub mod instances;
pub mod reset;
pub mod run;
pub mod runs;
