//! The HTTP API of accounts, for their owners, for staff, and for services with API keys.
//!
//! | file | what it holds |
//! |---|---|
//! | `person_caller`, `caller` | people, also by an API key, and the accounts that they have access to |
//! | `body` | a body's fields |
//! | `code` | the code of the second factor that a request presents |
//! | `error` | errors of this API |
//! | `representation` | what several actions answer |
//! | `openapi` | what several actions have in common in `openapi.json` |
//! | `notices` | the outbox, for administrators |
//! | all others | one endpoint each |
//!
//! Every path is also known with a slash at its end.

pub mod backup_codes;
pub mod body;
pub mod caller;
pub mod cancel_email_change;
pub mod code;
pub mod create_dashboard;
pub mod disable;
pub mod error;
pub mod list_dashboards;
pub mod notices;
#[cfg(test)]
mod openapi;
pub mod person_caller;
pub mod push_token_delete;
pub mod push_token_register;
pub mod push_token_unregister;
pub mod representation;
pub mod scene;
pub mod set_team;
pub mod set_up_start;
pub mod set_up_validate;
pub mod status;
pub mod support_disable;
#[cfg(test)]
mod tests;
pub mod unlock;
pub mod user_change;
pub mod user_read;
pub mod verify;
pub mod verify_email;

pub use caller::AccountCaller;
pub use person_caller::{Access, PersonCaller};
