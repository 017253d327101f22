//! Reads a second factor, alone or with what else its status shows.

use super::lookup::{AccountLookup, PERSON, look_up};
use super::selector::{AccountSelector, person_columns, selected_user};
use crate::account::{Account, SecondFactor};
use crate::auth::PresentedKey;
use crate::db::{self, Batch, Database, DatabaseError};
use crate::kernel::Sealed;

/// The columns of a `SecondFactor`, of `f`, a row of `second_factors`.
macro_rules! second_factor_columns {
    () => {
        "f.secret_sealed, f.pending_sealed, f.pending_bound_to, f.pending_until,
       f.totp_failures, f.totp_locked_until, f.backup_failures, f.backup_locked_until"
    };
}

pub(super) const SECOND_FACTOR: &str = concat!(
    "SELECT ",
    person_columns!(),
    ",
       ",
    second_factor_columns!(),
    " FROM users u LEFT JOIN second_factors f ON f.user_id = u.uuid WHERE u.uuid = ",
    selected_user!()
);

const PROTECTED_CODES: &str = concat!(
    "SELECT ",
    person_columns!(),
    ",
       ",
    second_factor_columns!(),
    ",
       EXISTS (SELECT 1 FROM backup_codes WHERE user_id = u.uuid) AS has_codes
FROM users u LEFT JOIN second_factors f ON f.user_id = u.uuid WHERE u.uuid = ",
    selected_user!()
);

const STATUS: &str = concat!(
    "SELECT ",
    person_columns!(),
    ",
       ",
    second_factor_columns!(),
    ",
       coalesce(p.settings ->> 'passkeys_enabled_for_2fa', 0) AS passkeys_enabled,
       (SELECT json_group_array(c.code_sealed)
        FROM (SELECT code_sealed FROM backup_codes
              WHERE user_id = u.uuid AND used_at IS NULL ORDER BY position) c) AS codes
FROM users u
LEFT JOIN second_factors f ON f.user_id = u.uuid
LEFT JOIN profiles p ON p.user_id = u.uuid
WHERE u.uuid = ",
    selected_user!()
);

db::row! {
    /// A second factor, and whether it has backup codes.
    #[derive(Debug)]
    pub struct ProtectedCodes {
        pub factor: SecondFactor = flatten,
        pub codes: Codes = flatten,
    }
}

db::row! {
    #[derive(Debug)]
    pub struct Codes {
        /// Whether there are any, used or not. They go with the second factor.
        pub exist: bool = "has_codes",
    }
}

db::row! {
    /// A second factor with what else its status shows.
    #[derive(Debug)]
    pub struct TwoFactorStatus {
        pub factor: SecondFactor = flatten,
        pub more: StatusColumns = flatten,
    }
}

db::row! {
    #[derive(Debug)]
    pub struct StatusColumns {
        /// The unused backup codes, in the order in which they were made.
        pub codes: Vec<Sealed> = json,
        /// The setting `passkeys_enabled_for_2fa`.
        pub passkeys_enabled: bool,
    }
}

/// Reads a second factor and the API key that was presented.
pub async fn read_second_factor(
    database: &Database,
    selector: &AccountSelector,
    key: Option<&PresentedKey>,
) -> Result<AccountLookup<SecondFactor>, DatabaseError> {
    look_up(database, selector.statement(SECOND_FACTOR, []), key).await
}

/// Reads a second factor, and whether `other` selects an account.
pub async fn read_second_factor_and_existence(
    database: &Database,
    selector: &AccountSelector,
    other: &AccountSelector,
) -> Result<(Option<Account<SecondFactor>>, bool), DatabaseError> {
    let mut batch = Batch::new();
    let account = batch.push(selector.statement(SECOND_FACTOR, []));
    let other = batch.push::<()>(other.statement(PERSON, []));
    let results = database.run(batch).await?;
    Ok((results.first(account)?, results.count(other)? > 0))
}

/// Reads a second factor, and whether it has backup codes.
pub async fn read_protected_codes(
    database: &Database,
    selector: &AccountSelector,
) -> Result<Option<Account<ProtectedCodes>>, DatabaseError> {
    let mut batch = Batch::new();
    let account = batch.push(selector.statement(PROTECTED_CODES, []));
    database.run(batch).await?.first(account)
}

/// Reads the status of a second factor and the API key that was presented.
pub async fn read_two_factor_status(
    database: &Database,
    selector: &AccountSelector,
    key: Option<&PresentedKey>,
) -> Result<AccountLookup<TwoFactorStatus>, DatabaseError> {
    look_up(database, selector.statement(STATUS, []), key).await
}
