//! A person's second factor as it is stored.
//!
//! ```text
//!             start                 validate
//!   (off) ───────────▶ pending ───────────────▶ on ──┐ start: pending beside it,
//!     ▲                 │ 10 min, once            │  │ replaces it when validated
//!     │◀────────────────┘                         │◀─┘
//!     └──────────────────── disable ──────────────┘
//! ```

use crate::account::{Lock, Person};
use crate::db;
use crate::db::{DatabaseError, FromRow, Row};
use crate::kernel::{Sealed, Timestamp};

#[derive(Debug, Clone)]
pub struct SecondFactor {
    /// The secret; `None`: off.
    pub secret: Option<Sealed>,
    /// A set-up that was begun; it may have expired.
    pub pending: Option<PendingSetup>,
    /// The lock-out of the authenticator's codes.
    pub totp: Lock,
    /// The lock-out of backup codes.
    pub backup: Lock,
}

/// A set-up that was begun.
#[derive(Debug, Clone)]
pub struct PendingSetup {
    pub sealed: Sealed,
    /// The subject that the secret is sealed for: the person's id was not known yet at that time.
    pub bound_to: String,
    /// Until when it can be validated.
    pub until: Timestamp,
}

db::row! {
    /// The columns of `second_factors`, all of them NULL where a person has no row there.
    struct SecondFactorRow {
        secret_sealed: Option<Sealed>,
        pending_sealed: Option<Sealed>,
        pending_bound_to: Option<String>,
        pending_until: Option<Timestamp>,
        totp_failures: Option<u32>,
        totp_locked_until: Option<Timestamp>,
        backup_failures: Option<u32>,
        backup_locked_until: Option<Timestamp>,
    }
}

impl FromRow for SecondFactor {
    fn from_row(row: &Row<'_>) -> Result<Self, DatabaseError> {
        SecondFactorRow::from_row(row).map(Self::from)
    }
}

impl From<SecondFactorRow> for SecondFactor {
    fn from(row: SecondFactorRow) -> Self {
        let lock = |failures: Option<u32>, until: Option<Timestamp>| Lock {
            failures: failures.unwrap_or_default(),
            until: until.unwrap_or_default(),
        };
        let pending = match (row.pending_sealed, row.pending_bound_to, row.pending_until) {
            (Some(sealed), Some(bound_to), Some(until)) => Some(PendingSetup {
                sealed,
                bound_to,
                until,
            }),
            _ => None,
        };
        Self {
            secret: row.secret_sealed,
            pending,
            totp: lock(row.totp_failures, row.totp_locked_until),
            backup: lock(row.backup_failures, row.backup_locked_until),
        }
    }
}

impl SecondFactor {
    pub const fn is_on(&self) -> bool {
        self.secret.is_some()
    }

    /// The set-up that `person` can validate `now`.
    pub fn pending(&self, person: &Person, now: Timestamp) -> Option<&PendingSetup> {
        let pending = self.pending.as_ref()?;
        let is_alive = now < pending.until && person.is_subject(&pending.bound_to);
        is_alive.then_some(pending)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::kernel::UserId;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    #[test]
    fn a_set_up_is_good_for_either_name_of_its_owner_until_its_end() {
        let person = Person {
            id: UserId::new("u1"),
            subject: Some("auth0|1".to_owned()),
            email: None,
            phone: None,
        };
        let lock = Lock {
            failures: 0,
            until: Timestamp::default(),
        };
        let is_pending = |bound_to: &str, until| {
            let pending = PendingSetup {
                sealed: Sealed::from_stored("sealed"),
                bound_to: bound_to.to_owned(),
                until,
            };
            let factor = SecondFactor {
                secret: None,
                pending: Some(pending),
                totp: lock,
                backup: lock,
            };
            factor.pending(&person, NOW).is_some()
        };
        let later = NOW.plus(Duration::from_millis(1));
        assert!(is_pending("u1", later) && is_pending("auth0|1", later));
        assert!(!is_pending("u1", NOW) && !is_pending("u2", later));
    }
}
