//! Backup codes: ten single-use codes for people who have lost their authenticator.

use base32::Alphabet;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::account::code_text::bare;
use crate::kernel::{Purpose, Random, SealError, Sealed, Sealer, Secret, UserId};

pub const BACKUP_CODES: usize = 10;

/// 80 bits: cannot be guessed even without the lock-out.
const CODE_BYTES: usize = 10;
const CODE_CHARS: usize = 16;
const GROUP_CHARS: usize = 4;
/// No 0, 1, 8 and 9, which look like letters.
const BASE32: Alphabet = Alphabet::Rfc4648Lower { padding: false };

/// A backup code in canonical form: 16 lower-case characters of base32, without hyphens.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(
    description = "80 random bits in base32. Good for one use.",
    extend("pattern" = "^[a-z2-7]{4}(-[a-z2-7]{4}){3}$"),
))]
pub struct BackupCode(#[cfg_attr(test, schemars(with = "String"))] Secret);

impl BackupCode {
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; CODE_BYTES]);
        random.fill(bytes.as_mut_slice());
        Self(Secret::new(base32::encode(BASE32, bytes.as_slice())))
    }

    /// Reads a code as [`bare`] leaves it, in either case. `None`: it cannot be a code.
    pub fn parse(text: &str) -> Option<Self> {
        let mut code = bare(text);
        code.make_ascii_lowercase();
        let is_code = code.len() == CODE_CHARS
            && code
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        is_code.then(|| Self(Secret::new(code.as_str())))
    }

    /// The hashes by which this user's code is found: under the current key and the previous one.
    pub fn hashes(&self, user: &UserId, sealer: &Sealer) -> Vec<String> {
        sealer.keyed_hashes(Purpose::BackupCode, user, self.0.expose())
    }

    /// The code as it is stored for this user.
    ///
    /// # Errors
    ///
    /// As [`Sealer::seal`] has them.
    pub fn seal(
        &self,
        user: &UserId,
        sealer: &Sealer,
        random: &dyn Random,
    ) -> Result<SealedBackupCode, SealError> {
        let sealed = sealer.seal(Purpose::BackupCode, user, &self.0, random)?;
        let hash = self.hashes(user, sealer).into_iter().next();
        Ok(SealedBackupCode {
            hash: hash.ok_or(SealError::Cipher)?,
            sealed: sealed.as_str().to_owned(),
        })
    }

    /// Opens this user's code.
    ///
    /// # Errors
    ///
    /// As [`Sealer::open`] has them.
    pub fn open(sealed: &Sealed, user: &UserId, sealer: &Sealer) -> Result<Self, SealError> {
        sealer.open(Purpose::BackupCode, user, sealed).map(Self)
    }

    /// `xxxx-xxxx-xxxx-xxxx`.
    pub fn shown(&self) -> String {
        let mut shown = String::with_capacity(CODE_CHARS + CODE_CHARS / GROUP_CHARS);
        for (index, character) in self.0.expose().chars().enumerate() {
            if index > 0 && index % GROUP_CHARS == 0 {
                shown.push('-');
            }
            shown.push(character);
        }
        shown
    }
}

/// A backup code as it is stored.
#[derive(Debug, Serialize)]
pub struct SealedBackupCode {
    /// What it is found by.
    pub hash: String,
    /// What its owner is shown again.
    pub sealed: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::account::TotpCode;
    use crate::account::code_text::noise;
    use crate::kernel::random::seeded::Seeded;

    #[test]
    fn codes_are_shown_in_four_groups_of_four() {
        let code = BackupCode::generate(&Seeded::new(1));
        let shown = code.shown();
        let groups: Vec<&str> = shown.split('-').collect();
        assert_eq!(groups.len(), 4);
        assert!(groups.iter().all(|group| group.len() == 4));
        assert_eq!(groups.concat(), code.0.expose());
        assert_eq!(format!("{code:?}"), "BackupCode(Secret(…))");
    }

    #[test]
    fn no_two_are_alike() {
        let random = Seeded::new(7);
        let codes: BTreeSet<String> = (0..1000)
            .map(|_| BackupCode::generate(&random).shown())
            .collect();
        assert_eq!(codes.len(), 1000);
    }

    #[test]
    fn text_of_another_form_is_no_code() {
        for bad in [
            "",
            "----",
            "aaaa-aaaa-aaaa-aaa",
            "aaaa-aaaa-aaaa-aaaaa",
            "aaaa-aaaa-aaaa-aaa0",
            "aaaa-aaaa-aaaa-aaa1",
            "aaaa-aaaa-aaaa-aaé",
            "aaaa_aaaa_aaaa_aaaa",
            // The Kelvin sign, a k to Unicode only.
            "aaaa-aaaa-aaaa-aaa\u{212a}",
        ] {
            assert!(BackupCode::parse(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn is_known_however_it_is_typed(
            (code, typed) in any::<u64>().prop_flat_map(|seed| {
                let code = BackupCode::generate(&Seeded::new(seed));
                let typed = noise::typed(code.0.expose().to_owned());
                (Just(code), typed)
            }),
            upper: bool,
        ) {
            let typed = if upper { typed.to_uppercase() } else { typed };
            let parsed = BackupCode::parse(&typed).unwrap();
            prop_assert_eq!(parsed.0.expose(), code.0.expose());
            prop_assert!(code.0.expose().len() * 5 >= 80);
            prop_assert!(TotpCode::parse(&typed).is_none());
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = BackupCode::parse(&text);
        }
    }
}
