//! A person's second factor as it is stored, and how its secrets are sealed and opened.
//!
//! ```text
//!             start                 validate
//!   (off) ───────────▶ pending ───────────────▶ on ──┐ start: pending beside it,
//!     ▲                 │ 10 min, once            │  │ replaces it when validated
//!     │◀────────────────┘                         │◀─┘
//!     └──────────────────── disable ──────────────┘
//! ```

use serde::Deserialize;

use crate::kernel::{Purpose, Random, SealError, Sealed, Sealer, Secret, Timestamp, UserId};

use crate::account::{Lock, Person, TotpSecret};

#[derive(Debug, Clone, Deserialize)]
#[serde(from = "SecondFactorRow")]
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

/// The columns of `second_factors`, all of them NULL where a person has no row there.
#[derive(Deserialize)]
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

/// A stored secret that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    #[error(transparent)]
    Sealed(#[from] SealError),
    #[error("the sealed value is no secret")]
    Malformed,
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

impl PendingSetup {
    /// Seals a secret for the user with this subject.
    ///
    /// # Errors
    ///
    /// As [`Sealer::seal`] has them.
    pub fn seal(
        secret: &TotpSecret,
        subject: &str,
        sealer: &Sealer,
        random: &dyn Random,
    ) -> Result<Sealed, SealError> {
        let purpose = Purpose::PendingTotpSecret;
        sealer.seal(purpose, &UserId::new(subject), &secret.to_base32(), random)
    }

    /// Opens the secret.
    ///
    /// # Errors
    ///
    /// [`BadSecret`].
    pub fn open(&self, sealer: &Sealer) -> Result<TotpSecret, BadSecret> {
        let bound_to = UserId::new(&self.bound_to);
        read(&sealer.open(Purpose::PendingTotpSecret, &bound_to, &self.sealed)?)
    }
}

/// Seals the secret of a person's second factor.
///
/// # Errors
///
/// As [`Sealer::seal`] has them.
pub fn seal(
    secret: &TotpSecret,
    person: &UserId,
    sealer: &Sealer,
    random: &dyn Random,
) -> Result<Sealed, SealError> {
    sealer.seal(Purpose::TotpSecret, person, &secret.to_base32(), random)
}

/// Opens the secret of a person's second factor.
///
/// # Errors
///
/// [`BadSecret`].
pub fn open(sealed: &Sealed, person: &UserId, sealer: &Sealer) -> Result<TotpSecret, BadSecret> {
    read(&sealer.open(Purpose::TotpSecret, person, sealed)?)
}

fn read(text: &Secret) -> Result<TotpSecret, BadSecret> {
    TotpSecret::from_base32(text).ok_or(BadSecret::Malformed)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::kernel::random::seeded::Seeded;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn sealer() -> Sealer {
        Sealer::new(&Secret::new(STANDARD.encode([1; 32])), None).unwrap()
    }

    fn person() -> Person {
        Person {
            id: UserId::new("u1"),
            subject: Some("auth0|1".to_owned()),
            email: None,
            phone: None,
        }
    }

    fn factor(bound_to: &str, until: Timestamp) -> SecondFactor {
        let lock = Lock {
            failures: 0,
            until: Timestamp::default(),
        };
        let secret = TotpSecret::generate(&Seeded::new(1));
        SecondFactor {
            secret: None,
            pending: Some(PendingSetup {
                sealed: PendingSetup::seal(&secret, bound_to, &sealer(), &Seeded::new(2)).unwrap(),
                bound_to: bound_to.to_owned(),
                until,
            }),
            totp: lock,
            backup: lock,
        }
    }

    #[test]
    fn a_set_up_dies_at_its_end() {
        let later = NOW.plus(std::time::Duration::from_millis(1));
        assert!(factor("u1", later).pending(&person(), NOW).is_some());
        assert!(factor("u1", NOW).pending(&person(), NOW).is_none());
    }

    #[test]
    fn a_set_up_is_good_for_either_name_of_its_owner_and_for_nobody_else() {
        let later = NOW.plus(crate::account::totp::SETUP_TTL);
        for name in ["u1", "auth0|1"] {
            let factor = factor(name, later);
            let pending = factor.pending(&person(), NOW).unwrap();
            assert!(pending.open(&sealer()).is_ok());
            let stolen = PendingSetup {
                bound_to: "u2".to_owned(),
                ..pending.clone()
            };
            assert_eq!(
                stolen.open(&sealer()).unwrap_err(),
                SealError::Forged.into()
            );
        }
        assert!(factor("u2", later).pending(&person(), NOW).is_none());
    }

    #[test]
    fn a_secret_opens_for_its_person_and_purpose_only() {
        let secret = TotpSecret::generate(&Seeded::new(1));
        let (anna, bert) = (UserId::new("anna"), UserId::new("bert"));
        let sealed = seal(&secret, &anna, &sealer(), &Seeded::new(2)).unwrap();
        let opened = open(&sealed, &anna, &sealer()).unwrap();
        assert_eq!(opened.to_base32().expose(), secret.to_base32().expose());
        assert_eq!(
            open(&sealed, &bert, &sealer()).unwrap_err(),
            SealError::Forged.into()
        );
        let pending = PendingSetup::seal(&secret, "anna", &sealer(), &Seeded::new(2)).unwrap();
        assert_eq!(
            open(&pending, &anna, &sealer()).unwrap_err(),
            SealError::Forged.into()
        );
    }
}
