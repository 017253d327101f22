//! Support's tools: provisioning of single users, runs, API keys, instances, teams and their dashboards.

pub mod account_keys;
pub mod api_keys;
pub mod backfill;
pub mod dashboards;
pub mod diagnostics;
mod fields;
pub mod instances;
pub mod reset;
pub mod run;
pub mod runs;
pub mod team;
