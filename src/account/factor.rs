//! A person's second factor as it rests, and how it is opened.
//!
//! ```text
//!             start                 validate
//!   (off) ───────────▶ pending ───────────────▶ on ──┐ start: pending beside it,
//!     ▲                 │ 10 min, once            │  │ replaces it when validated
//!     │◀────────────────┘                         │◀─┘
//!     └──────────────────── disable ──────────────┘
//! ```

use crate::kernel::{Purpose, Random, SealError, Sealed, Sealer, Secret, Timestamp, UserId};

use crate::account::person::HasPerson;
use crate::account::{Lock, Person, TotpSecret};

/// A second factor; off and without a set-up for whoever has none.
#[derive(Debug, Clone)]
pub struct Factor {
    /// Whose it is.
    pub person: Person,
    /// The secret; `None`: off.
    pub secret: Option<Sealed>,
    /// A set-up that is under way, or was.
    pub pending: Option<Pending>,
    /// How codes of the authenticator stand.
    pub totp: Lock,
    /// How backup codes stand.
    pub backup: Lock,
}

/// A set-up that was begun.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its secret.
    pub sealed: Sealed,
    /// The subject that it is sealed for: when it was, the person's id was not known yet.
    pub bound_to: String,
    /// Until when it can be validated.
    pub until: Timestamp,
}

/// A secret was sealed by us, opens, and yet is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// It does not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// It opens, and is no secret.
    #[error("the sealed value is no secret")]
    Malformed,
}

impl HasPerson for Factor {
    fn person(&self) -> &Person {
        &self.person
    }
}

impl Factor {
    /// Whether a second factor protects the account.
    pub const fn is_on(&self) -> bool {
        self.secret.is_some()
    }

    /// The set-up that can be validated `now`; it must be the person's own.
    pub fn pending(&self, now: Timestamp) -> Option<&Pending> {
        let pending = self.pending.as_ref()?;
        let is_alive = now < pending.until && self.person.answers_to(&pending.bound_to);
        is_alive.then_some(pending)
    }
}

impl Pending {
    /// Seals a secret for whoever bears `subject`.
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

    fn factor(bound_to: &str, until: Timestamp) -> Factor {
        let lock = Lock {
            failures: 0,
            until: Timestamp::default(),
        };
        let secret = TotpSecret::generate(&Seeded::new(1));
        Factor {
            person: Person {
                id: UserId::new("u1"),
                subject: Some("auth0|1".to_owned()),
                email: None,
                phone: None,
            },
            secret: None,
            pending: Some(Pending {
                sealed: Pending::seal(&secret, bound_to, &sealer(), &Seeded::new(2)).unwrap(),
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
        assert!(factor("u1", later).pending(NOW).is_some());
        assert!(factor("u1", NOW).pending(NOW).is_none());
    }

    #[test]
    fn a_set_up_is_good_for_either_name_of_its_owner_and_for_nobody_else() {
        let later = NOW.plus(crate::account::totp::PENDING_FOR);
        for name in ["u1", "auth0|1"] {
            let factor = factor(name, later);
            let pending = factor.pending(NOW).unwrap();
            assert!(pending.open(&sealer()).is_ok());
            let stolen = Pending {
                bound_to: "u2".to_owned(),
                ..pending.clone()
            };
            assert_eq!(
                stolen.open(&sealer()).unwrap_err(),
                SealError::Forged.into()
            );
        }
        assert!(factor("u2", later).pending(NOW).is_none());
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
        let pending = Pending::seal(&secret, "anna", &sealer(), &Seeded::new(2)).unwrap();
        assert_eq!(
            open(&pending, &anna, &sealer()).unwrap_err(),
            SealError::Forged.into()
        );
    }
}
