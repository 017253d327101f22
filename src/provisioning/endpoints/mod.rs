//! What administrators and clients ask of provisioning.

pub mod backfill;
pub mod bulk;
mod bulk_plan;
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
pub mod run_users;
pub mod runs;
pub mod stop_run;

use crate::web::caller::Admin;
use crate::web::{ApiError, Call, ErrorFormat};

/// Counts a call that reads the customer's whole list for one user. An operator's have the limit of a person, a
/// fifth of what administrators have.
///
/// # Errors
///
/// 429.
async fn count_reading_the_list<const READS_BODY: bool>(
    call: &Call<Admin, READS_BODY>,
) -> Result<(), ApiError> {
    match &call.caller {
        Admin::Operator(session)
            if !call
                .services
                .person_within_limit(&session.operator().id)
                .await =>
        {
            Err(ErrorFormat::Admin.too_many())
        }
        _ => Ok(()),
    }
}

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
