//! The HTTP API of accounts, for their owners, for staff, and for services with API keys.
//!
//! | file | what it holds |
//! |---|---|
//! | `caller` | callers, and the accounts that they have access to |
//! | `credential` | tokens of people, and API keys |
//! | `body` | a body's fields |
//! | `problem` | errors of this API |
//! | `representation` | what several actions answer |
//! | all others | one endpoint each |
//!
//! Every path is also known with a slash at its end.

pub mod backup_codes;
pub mod body;
pub mod caller;
pub mod cancel_email_change;
pub mod create_dashboard;
pub mod credential;
pub mod disable;
#[cfg(test)]
mod error_answers;
pub mod problem;
pub mod push_token_register;
pub mod push_token_unregister;
pub mod representation;
pub mod scene;
pub mod set_team;
pub mod set_up_start;
pub mod set_up_validate;
pub mod status;
#[cfg(test)]
mod tests;
pub mod user_change;
pub mod user_read;
pub mod verify;
pub mod verify_email;

pub use caller::{AccountCaller, Requirements};

#[cfg(test)]
use crate::web::openapi::{Parameter, any_text};

#[cfg(test)]
fn openapi_uuid() -> Parameter {
    Parameter::path(
        "AccountUuid",
        "uuid",
        "`@me`: the caller. Support may name any user by `users.uuid`; whoever else does so, if \
         only to name themself, is refused with 403.",
        any_text("@me"),
    )
}
