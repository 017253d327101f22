use serde::Deserialize;
use serde::de::IgnoredAny;

use super::lookup::{AccountRow, first_account, look_up};
use super::read_person::{PERSON, PersonRow};
use super::selector::selected_user;
use super::{AccountLookup, AccountSelector};
use crate::account::{Account, Lock, PendingSetup, SecondFactor};
use crate::db::{Batch, Database, DatabaseError};
use crate::kernel::{Sealed, Timestamp};

/// The columns of [`SecondFactorRow`], of `u` and `f`: rows of `users` and `second_factors`.
macro_rules! second_factor_columns {
    () => {
        concat!(
            $crate::account::store::read_person::person_columns!(),
            ",
       f.secret_sealed, f.pending_sealed, f.pending_bound_to, f.pending_until,
       f.totp_failures, f.totp_locked_until, f.backup_failures, f.backup_locked_until"
        )
    };
}
pub(crate) use second_factor_columns;

pub(super) const SECOND_FACTOR: &str = concat!(
    "SELECT ",
    second_factor_columns!(),
    " FROM users u LEFT JOIN second_factors f ON f.user_id = u.uuid WHERE u.uuid = ",
    selected_user!()
);

#[derive(Deserialize)]
pub(super) struct SecondFactorRow {
    #[serde(flatten)]
    person: PersonRow,
    secret_sealed: Option<String>,
    pending_sealed: Option<String>,
    pending_bound_to: Option<String>,
    pending_until: Option<i64>,
    totp_failures: Option<u32>,
    totp_locked_until: Option<i64>,
    backup_failures: Option<u32>,
    backup_locked_until: Option<i64>,
}

impl AccountRow for SecondFactorRow {
    type Details = SecondFactor;

    fn into_account(self) -> Result<Account<SecondFactor>, DatabaseError> {
        let pending = match (
            self.pending_sealed,
            self.pending_bound_to,
            self.pending_until,
        ) {
            (Some(sealed), Some(bound_to), Some(until)) => Some(PendingSetup {
                sealed: Sealed::from_stored(sealed),
                bound_to,
                until: Timestamp::from_millis(until),
            }),
            _ => None,
        };
        let details = SecondFactor {
            secret: self.secret_sealed.map(Sealed::from_stored),
            pending,
            totp: lock(self.totp_failures, self.totp_locked_until),
            backup: lock(self.backup_failures, self.backup_locked_until),
        };
        Ok(Account {
            person: self.person.into(),
            details,
        })
    }
}

fn lock(failures: Option<u32>, until: Option<i64>) -> Lock {
    Lock {
        failures: failures.unwrap_or_default(),
        until: Timestamp::from_millis(until.unwrap_or_default()),
    }
}

pub async fn read_second_factor(
    database: &Database,
    selector: &AccountSelector,
    key_hash: Option<&str>,
) -> Result<AccountLookup<SecondFactor>, DatabaseError> {
    let statement = selector.statement(SECOND_FACTOR, []);
    look_up::<SecondFactorRow>(database, statement, key_hash).await
}

/// Reads a second factor, and whether `other` selects an account.
pub async fn read_second_factor_and_existence(
    database: &Database,
    selector: &AccountSelector,
    other: &AccountSelector,
) -> Result<(AccountLookup<SecondFactor>, bool), DatabaseError> {
    let mut batch = Batch::new();
    let account = batch.push::<SecondFactorRow>(selector.statement(SECOND_FACTOR, []));
    let other = batch.push::<IgnoredAny>(other.statement(PERSON, []));
    let results = database.run(batch).await?;
    let lookup = AccountLookup {
        account: first_account(&results, account)?,
        api_key: None,
    };
    Ok((lookup, results.count(other)? > 0))
}
