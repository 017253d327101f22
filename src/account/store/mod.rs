//! The SQL of the account room: a file for an operation, or for a few on the same rows.
//!
//! A request costs one read, which finds the caller's key and the account at once, and at most one batch of
//! writes. What must hold under concurrency, such as a code being accepted once, is decided by a single
//! conditional statement, and the rows that it returns tell the outcome.
//!
//! Files that several operations share: `selector` and `lookup` (which account, and the one read),
//! `full_user` (which every change of a profile answers), `change` (audit rows and notices of a change),
//! `code_attempt` (lock-out).

mod cancel_email_change;
mod change;
mod change_profile;
mod code_attempt;
mod confirm_email;
mod deliveries;
mod disable_two_factor;
mod full_user;
mod lookup;
mod outbox_admin;
mod personalise_scene;
mod push_tokens;
mod replace_backup_codes;
mod second_factor;
mod selector;
mod start_setup;
mod teams;
mod try_backup_code;
mod try_totp;
mod unlock_two_factor;
mod validate_setup;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use cancel_email_change::cancel_email_change;
pub use change_profile::{NewEmail, ProfileChangeOutcome, change_profile};
pub use code_attempt::{CheckedTotp, CodeAttempt, CodeKind, CodeOutcome, FollowUp};
pub use confirm_email::{EmailConfirmation, PendingEmail, confirm_email, read_pending_email};
pub use deliveries::{claim_notices, claim_these_notices, settle_notices};
pub use disable_two_factor::{OFF, disable_two_factor, drop_setup};
pub use full_user::{FullUser, UserDetails, read_user, read_user_and_email_holder};
pub use lookup::{AccountLookup, read_api_key, read_person};
pub use outbox_admin::{
    MAX_HASTENED, NoticeFilter, NoticePlace, WaitingNotice, drop_notice, hasten_notice,
    hasten_notices, list_notices,
};
pub use personalise_scene::{SceneOutcome, SceneTarget, personalise_scene, read_scene_target};
pub use push_tokens::{
    NewPushToken, PushTokenRow, delete_push_token, register_push_token, unregister_push_token,
};
pub use replace_backup_codes::{BackupCodesOutcome, NewBackupCodes, replace_backup_codes};
pub use second_factor::{
    ProtectedCodes, TwoFactorStatus, read_protected_codes, read_second_factor,
    read_second_factor_and_existence, read_two_factor_status,
};
pub use selector::AccountSelector;
pub use start_setup::start_setup;
pub use teams::{DashboardRow, assign_team, insert_dashboard, list_dashboards};
pub use try_backup_code::try_backup_code;
pub use try_totp::try_totp;
pub use unlock_two_factor::unlock_two_factor;
pub use validate_setup::{SetupValidation, validate_setup};
