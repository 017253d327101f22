use serde::Deserialize;

use super::lookup::{AccountRow, look_up};
use super::read_second_factor::{SecondFactorRow, second_factor_columns};
use super::selector::selected_user;
use super::{AccountLookup, AccountSelector};
use crate::account::{Account, SecondFactor};
use crate::db::{Database, DatabaseError};
use crate::kernel::Sealed;

const STATUS: &str = concat!(
    "SELECT ",
    second_factor_columns!(),
    ",
       p.settings ->> 'passkeys_enabled_for_2fa' AS passkeys_enabled,
       (SELECT json_group_array(c.code_sealed)
        FROM (SELECT code_sealed FROM backup_codes
              WHERE user_id = u.uuid AND used_at IS NULL ORDER BY position) c) AS codes
FROM users u
LEFT JOIN second_factors f ON f.user_id = u.uuid
LEFT JOIN profiles p ON p.user_id = u.uuid
WHERE u.uuid = ",
    selected_user!()
);

/// A second factor with what else its status shows.
#[derive(Debug)]
pub struct TwoFactorStatus {
    pub factor: SecondFactor,
    /// The unused backup codes, in the order in which they were made.
    pub codes: Vec<Sealed>,
    /// The setting `passkeys_enabled_for_2fa`.
    pub passkeys_enabled: bool,
}

#[derive(Deserialize)]
struct StatusRow {
    #[serde(flatten)]
    factor: SecondFactorRow,
    passkeys_enabled: Option<u8>,
    codes: String,
}

impl AccountRow for StatusRow {
    type Details = TwoFactorStatus;

    fn into_account(self) -> Result<Account<TwoFactorStatus>, DatabaseError> {
        let Account { person, details } = self.factor.into_account()?;
        let codes: Vec<String> = serde_json::from_str(&self.codes).map_err(|_| {
            DatabaseError::bad_value("backup_codes", "code_sealed", person.id.as_str())
        })?;
        let details = TwoFactorStatus {
            factor: details,
            codes: codes.into_iter().map(Sealed::from_stored).collect(),
            passkeys_enabled: self.passkeys_enabled == Some(1),
        };
        Ok(Account { person, details })
    }
}

pub async fn read_two_factor_status(
    database: &Database,
    selector: &AccountSelector,
) -> Result<AccountLookup<TwoFactorStatus>, DatabaseError> {
    look_up::<StatusRow>(database, selector.statement(STATUS, []), None).await
}
