//! The SQL of the account room, one file an operation.
//!
//! A request costs one read, which finds the caller's key and the account at once, and at most one batch of
//! writes. What must hold under concurrency, such as a code being accepted once, is decided by a single
//! conditional statement, and the rows that it returns tell the outcome.
//!
//! Files that several operations share: `selector` and `lookup` (which account, and the one read),
//! `change` (audit rows and notices of a change), `code_attempt` (lock-out), `api_key` (its use).

mod api_key;
mod assign_team;
mod cancel_email_change;
mod change;
mod change_profile;
mod claim_notices;
mod code_attempt;
mod confirm_email;
mod disable_two_factor;
mod drop_setup;
mod insert_dashboard;
mod lookup;
mod personalise_scene;
mod read_person;
mod read_scene_target;
mod read_second_factor;
mod read_two_factor_status;
mod read_user;
mod read_user_and_email_holder;
mod register_push_token;
mod replace_backup_codes;
mod request_email_change;
mod selector;
mod settle_notices;
mod start_setup;
mod try_backup_code;
mod try_totp;
mod unregister_push_token;
mod validate_setup;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use api_key::{ApiKeyUse, note_api_key_use};
pub use assign_team::assign_team;
pub use cancel_email_change::cancel_email_change;
pub use change_profile::{ProfileChange, ProfileChangeOutcome, change_profile};
pub use claim_notices::claim_notices;
pub use code_attempt::{CodeAttempt, CodeKind, CodeOutcome};
pub use confirm_email::{EmailConfirmation, PendingEmail, confirm_email, read_pending_email};
pub use disable_two_factor::{Disable, disable_two_factor};
pub use drop_setup::drop_setup;
pub use insert_dashboard::insert_dashboard;
pub use lookup::{AccountLookup, read_api_key};
pub use personalise_scene::{SceneChange, SceneOutcome, personalise_scene};
pub use read_person::read_person;
pub use read_scene_target::{SceneTarget, read_scene_target};
pub use read_second_factor::{read_second_factor, read_second_factor_and_existence};
pub use read_two_factor_status::{TwoFactorStatus, read_two_factor_status};
pub use read_user::read_user;
pub use read_user_and_email_holder::read_user_and_email_holder;
pub use register_push_token::{NewPushToken, PushTokenRow, register_push_token};
pub use replace_backup_codes::{NewBackupCode, replace_backup_codes};
pub use request_email_change::NewEmail;
pub use selector::AccountSelector;
pub use settle_notices::settle_notices;
pub use start_setup::{NewSetup, SetupStart, start_setup};
pub use try_backup_code::{HashedBackupCode, try_backup_code};
pub use try_totp::{CheckedTotp, try_totp};
pub use unregister_push_token::unregister_push_token;
pub use validate_setup::{CheckedSetup, validate_setup};
