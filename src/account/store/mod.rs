//! The SQL of the account room, one file an operation.
//!
//! A request costs one read, which finds the caller's key and the account at once, and at most one batch of
//! writes. What must hold under concurrency, such as a code being accepted once, is decided by a single
//! conditional statement, and the rows that it returns tell the outcome.
//!
//! Files that several operations share: `selector` and `lookup` (which account, and the one read),
//! `full_user` (which every change of a profile answers), `change` (audit rows and notices of a change),
//! `code_attempt` (lock-out).

mod assign_team;
mod cancel_email_change;
mod change;
mod change_profile;
mod claim_notices;
mod code_attempt;
mod confirm_email;
mod disable_two_factor;
mod full_user;
mod insert_dashboard;
mod lookup;
mod personalise_scene;
mod push_tokens;
mod replace_backup_codes;
mod request_email_change;
mod second_factor;
mod selector;
mod settle_notices;
mod start_setup;
mod try_backup_code;
mod try_totp;
mod validate_setup;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use assign_team::assign_team;
pub use cancel_email_change::cancel_email_change;
pub use change_profile::{ProfileChange, ProfileChangeOutcome, change_profile};
pub use claim_notices::claim_notices;
pub use code_attempt::{CheckedTotp, CodeAttempt, CodeKind, CodeOutcome};
pub use confirm_email::{EmailConfirmation, PendingEmail, confirm_email, read_pending_email};
pub use disable_two_factor::{Disable, disable_two_factor, drop_setup};
pub use full_user::{FullUser, UserDetails, read_user, read_user_and_email_holder};
pub use insert_dashboard::insert_dashboard;
pub use lookup::{AccountLookup, read_api_key, read_person};
pub use personalise_scene::{SceneOutcome, SceneTarget, personalise_scene, read_scene_target};
pub use push_tokens::{NewPushToken, PushTokenRow, register_push_token, unregister_push_token};
pub use replace_backup_codes::replace_backup_codes;
pub use request_email_change::NewEmail;
pub use second_factor::{
    TwoFactorStatus, read_second_factor, read_second_factor_and_existence, read_two_factor_status,
};
pub use selector::AccountSelector;
pub use settle_notices::settle_notices;
pub use start_setup::{NewSetup, SetupStart, start_setup};
pub use try_backup_code::try_backup_code;
pub use try_totp::try_totp;
pub use validate_setup::validate_setup;
