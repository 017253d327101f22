//! What administrators and clients ask of provisioning.

pub mod backfill;
pub mod credentials;
pub mod delete_user;
pub mod diagnostics;
#[cfg(test)]
mod error_answers;
mod errors;
pub mod export_user;
pub mod pause;
pub mod provision;
pub mod reset;
mod reset_plan;
pub mod run;
pub mod runs;
pub mod stop_run;

/// The name of one run: `run_` and a ULID.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(extend(
    "pattern" = "^run_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
    "examples" = ["run_01JZX0000000000000000000EX"],
))]
struct RunId(#[expect(dead_code)] String);

#[cfg(test)]
mod tests;
