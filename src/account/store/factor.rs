//! A second factor, and what people see of it.

use serde::Deserialize;

use crate::account::{Factor, HasPerson, Lock, Pending, Person};
use crate::db::Database;
use crate::db::DatabaseError;
use crate::kernel::{Sealed, Timestamp};

use crate::account::store::person::{PERSON, PersonColumns};
use crate::account::store::{Visit, Whose};

/// The columns that [`FactorColumns`] reads, of `u` and `f`: rows of `users` and `second_factors`.
macro_rules! factor_columns {
    () => {
        concat!(
            person_columns!(),
            ",
       f.secret_sealed, f.pending_sealed, f.pending_bound_to, f.pending_until,
       f.totp_failures, f.totp_locked_until, f.backup_failures, f.backup_locked_until"
        )
    };
}

pub(crate) const FACTOR: &str = concat!(
    "SELECT ",
    factor_columns!(),
    " FROM users u LEFT JOIN second_factors f ON f.user_id = u.uuid WHERE u.uuid = ",
    whose!()
);

const STATUS: &str = concat!(
    "SELECT ",
    factor_columns!(),
    ",
       p.settings ->> 'passkeys_enabled_for_2fa' AS passkeys_enabled,
       (SELECT json_group_array(c.code_sealed)
        FROM (SELECT code_sealed FROM backup_codes
              WHERE user_id = u.uuid AND used_at IS NULL ORDER BY position) c) AS codes
FROM users u
LEFT JOIN second_factors f ON f.user_id = u.uuid
LEFT JOIN profiles p ON p.user_id = u.uuid
WHERE u.uuid = ",
    whose!()
);

#[derive(Deserialize)]
pub(crate) struct FactorColumns {
    #[serde(flatten)]
    person: PersonColumns,
    secret_sealed: Option<String>,
    pending_sealed: Option<String>,
    pending_bound_to: Option<String>,
    pending_until: Option<i64>,
    totp_failures: Option<u32>,
    totp_locked_until: Option<i64>,
    backup_failures: Option<u32>,
    backup_locked_until: Option<i64>,
}

impl From<FactorColumns> for Factor {
    fn from(row: FactorColumns) -> Self {
        let pending = match (row.pending_sealed, row.pending_bound_to, row.pending_until) {
            (Some(sealed), Some(bound_to), Some(until)) => Some(Pending {
                sealed: Sealed::from_stored(sealed),
                bound_to,
                until: Timestamp::from_millis(until),
            }),
            _ => None,
        };
        Self {
            person: row.person.into(),
            secret: row.secret_sealed.map(Sealed::from_stored),
            pending,
            totp: lock(row.totp_failures, row.totp_locked_until),
            backup: lock(row.backup_failures, row.backup_locked_until),
        }
    }
}

fn lock(failures: Option<u32>, until: Option<i64>) -> Lock {
    Lock {
        failures: failures.unwrap_or_default(),
        until: Timestamp::from_millis(until.unwrap_or_default()),
    }
}

/// A second factor with what else its status shows.
#[derive(Debug)]
pub struct TwoFactorStatus {
    /// The second factor.
    pub factor: Factor,
    /// The backup codes that are left, in the order in which they were made.
    pub codes: Vec<Sealed>,
    /// The setting `passkeys_enabled_for_2fa`.
    pub passkeys_enabled: bool,
}

impl HasPerson for TwoFactorStatus {
    fn person(&self) -> &Person {
        &self.factor.person
    }
}

#[derive(Deserialize)]
struct StatusColumns {
    #[serde(flatten)]
    factor: FactorColumns,
    passkeys_enabled: Option<u8>,
    codes: String,
}

impl StatusColumns {
    fn into_status(self) -> Result<TwoFactorStatus, DatabaseError> {
        let factor: Factor = self.factor.into();
        let codes: Vec<String> = serde_json::from_str(&self.codes).map_err(|_| {
            DatabaseError::bad_value("backup_codes", "code_sealed", factor.person.id.as_str())
        })?;
        Ok(TwoFactorStatus {
            factor,
            codes: codes.into_iter().map(Sealed::from_stored).collect(),
            passkeys_enabled: self.passkeys_enabled == Some(1),
        })
    }
}

impl Database {
    /// Reads a second factor.
    pub async fn factor(
        &self,
        whose: &Whose,
        key_hash: Option<&str>,
    ) -> Result<Visit<Factor>, DatabaseError> {
        let look = whose.statement(FACTOR, []);
        self.visit_account(look, key_hash, |row: FactorColumns| Ok(row.into()))
            .await
    }

    /// Reads a second factor, and whether somebody else who is named beside it exists.
    pub async fn factor_beside(
        &self,
        whose: &Whose,
        named: &Whose,
    ) -> Result<(Visit<Factor>, bool), DatabaseError> {
        let look = vec![whose.statement(FACTOR, []), named.statement(PERSON, [])];
        let mut answers = self.batch(look).await?;
        let found: Option<FactorColumns> = answers.first()?;
        let visit = Visit {
            found: found.map(Into::into),
            key: None,
        };
        Ok((visit, answers.count()? > 0))
    }

    /// Reads a second factor's status.
    pub async fn two_factor_status(
        &self,
        whose: &Whose,
    ) -> Result<Visit<TwoFactorStatus>, DatabaseError> {
        let look = whose.statement(STATUS, []);
        self.visit_account(look, None, StatusColumns::into_status)
            .await
    }
}
