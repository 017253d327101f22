//! Sealing at rest: AES-256-GCM under `CREDENTIALS_KEY`.
//!
//! A sealed value is the text `v1.<key id>.<base64url(nonce || ciphertext || tag)>`. The key id
//! (8 hex digits of the key's SHA-256) tells which key opens it, so that a rotation needs no
//! trial and error. The associated data binds a value to its purpose and its user: copied to
//! another user, it does not open. A value that is looked up by its content has a keyed hash
//! beside it, under a key derived from the same one.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::kernel::secret::hex;
use crate::kernel::{Random, Secret, UserId, sha256_hex};

const VERSION: &str = "v1";
const NONCE_BYTES: usize = 12;

/// A value as the database stores it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Why a key or a sealed value was refused, without any of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the key is not 32 bytes in base64")]
    MalformedKey,
    #[error("the sealed value is malformed")]
    MalformedValue,
    /// The value was sealed under a key that is neither the current nor the previous one.
    #[error("the value was sealed under an unknown key")]
    UnknownKey,
    /// The value was changed, or belongs to another user or purpose.
    #[error("the sealed value does not authenticate")]
    Forged,
    #[error("sealing failed")]
    Cipher,
}

/// What a sealed value is for; part of its associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The password of a user's 3dEye account.
    ThreedeyePassword,
    /// The secret of a second factor that is on.
    TotpSecret,
    /// The secret of a second factor that is being set up; bound to the subject of a token.
    PendingTotpSecret,
    /// A backup code, and its keyed hash.
    BackupCode,
    PushToken,
    /// The token that confirms an e-mail, until it is sent.
    EmailToken,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::ThreedeyePassword => "3deye-password",
            Self::TotpSecret => "totp-secret",
            Self::PendingTotpSecret => "pending-totp-secret",
            Self::BackupCode => "backup-code",
            Self::PushToken => "push-token",
            Self::EmailToken => "email-token",
        }
    }
}

struct SealingKey {
    id: String,
    cipher: Aes256Gcm,
    /// Derived from the key that seals, so that each key has one use.
    hash: Hmac<Sha256>,
}

impl SealingKey {
    fn parse(encoded: &Secret) -> Result<Self, SealError> {
        let bytes = Zeroizing::new(
            STANDARD
                .decode(encoded.expose().trim())
                .map_err(|_| SealError::MalformedKey)?,
        );
        let cipher = Aes256Gcm::new_from_slice(&bytes).map_err(|_| SealError::MalformedKey)?;
        let id = sha256_hex(&bytes).chars().take(8).collect();
        let derived = mac(&bytes)?.chain_update(b"spkey-edge/keyed-hash");
        let hash = mac(&derived.finalize().into_bytes())?;
        Ok(Self { id, cipher, hash })
    }
}

/// Seals under the current key; opens under the current and the previous one.
pub struct Sealer {
    current: SealingKey,
    previous: Option<SealingKey>,
}

impl Sealer {
    /// Takes `CREDENTIALS_KEY` and, while a rotation lasts, `CREDENTIALS_KEY_PREVIOUS`.
    pub fn new(current: &Secret, previous: Option<&Secret>) -> Result<Self, SealError> {
        Ok(Self {
            current: SealingKey::parse(current)?,
            previous: previous.map(SealingKey::parse).transpose()?,
        })
    }

    /// Seals `plain` for one user and one purpose.
    pub fn seal(
        &self,
        purpose: Purpose,
        user: &UserId,
        plain: &Secret,
        random: &dyn Random,
    ) -> Result<Sealed, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        let payload = Payload {
            msg: plain.expose().as_bytes(),
            aad: &associated_data(purpose, user),
        };
        let ciphertext = self
            .current
            .cipher
            .encrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| SealError::Cipher)?;
        let mut sealed = Vec::with_capacity(NONCE_BYTES + ciphertext.len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(Sealed(format!(
            "{VERSION}.{}.{}",
            self.current.id,
            URL_SAFE_NO_PAD.encode(sealed)
        )))
    }

    /// Opens what [`Sealer::seal`] made for the same user and purpose.
    pub fn open(
        &self,
        purpose: Purpose,
        user: &UserId,
        sealed: &Sealed,
    ) -> Result<Secret, SealError> {
        let mut parts = sealed.as_str().splitn(3, '.');
        let (Some(VERSION), Some(key_id), Some(body)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(SealError::MalformedValue);
        };
        let key = [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .find(|key| key.id == key_id)
            .ok_or(SealError::UnknownKey)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(body)
            .map_err(|_| SealError::MalformedValue)?;
        let (nonce, ciphertext) = bytes
            .split_at_checked(NONCE_BYTES)
            .ok_or(SealError::MalformedValue)?;
        let payload = Payload {
            msg: ciphertext,
            aad: &associated_data(purpose, user),
        };
        let plain = Zeroizing::new(
            key.cipher
                .decrypt(Nonce::from_slice(nonce), payload)
                .map_err(|_| SealError::Forged)?,
        );
        let text = std::str::from_utf8(&plain).map_err(|_| SealError::MalformedValue)?;
        Ok(Secret::new(text))
    }

    /// The keyed hashes of a text for one user and one purpose, lower-case hex HMAC-SHA256: the
    /// one to store, under the current key, and then, while a rotation lasts, the one that may
    /// have been stored before.
    pub fn keyed_hashes(&self, purpose: Purpose, user: &UserId, text: &str) -> Vec<String> {
        let keys = [Some(&self.current), self.previous.as_ref()];
        keys.into_iter()
            .flatten()
            .map(|key| {
                let hash = key.hash.clone();
                let hash = hash.chain_update(associated_data(purpose, user));
                hex(&hash
                    .chain_update([0])
                    .chain_update(text)
                    .finalize()
                    .into_bytes())
            })
            .collect()
    }

    /// Whether `sealed` is under the current key; a rotation leaves values under the previous one.
    pub fn is_current(&self, sealed: &Sealed) -> bool {
        sealed.as_str().split('.').nth(1) == Some(self.current.id.as_str())
    }
}

fn mac(key: &[u8]) -> Result<Hmac<Sha256>, SealError> {
    // HMAC takes keys of every length.
    Hmac::new_from_slice(key).map_err(|_| SealError::MalformedKey)
}

fn associated_data(purpose: Purpose, user: &UserId) -> Vec<u8> {
    format!("spkey-edge/{}/{}", purpose.label(), user.as_str()).into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::random::seeded::Seeded;

    fn key(byte: u8) -> Secret {
        Secret::new(STANDARD.encode([byte; 32]))
    }

    fn seal(sealer: &Sealer, user: &str) -> Sealed {
        sealer
            .seal(
                Purpose::ThreedeyePassword,
                &UserId::new(user),
                &Secret::new("pass-word"),
                &Seeded::new(3),
            )
            .unwrap()
    }

    fn open(sealer: &Sealer, user: &str, sealed: &Sealed) -> Result<String, SealError> {
        sealer
            .open(Purpose::ThreedeyePassword, &UserId::new(user), sealed)
            .map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn a_keyed_hash_is_bound_to_key_user_purpose_and_text() {
        let sealer = Sealer::new(&key(1), None).unwrap();
        let hash = |purpose, user: &str, text: &str| {
            sealer.keyed_hashes(purpose, &UserId::new(user), text)
        };
        let own = hash(Purpose::BackupCode, "anna", "code");
        assert_eq!((own.len(), own[0].len()), (1, 64));
        assert_eq!(hash(Purpose::BackupCode, "anna", "code"), own);
        assert_ne!(hash(Purpose::PushToken, "anna", "code"), own);
        assert_ne!(hash(Purpose::BackupCode, "bert", "code"), own);
        assert_ne!(hash(Purpose::BackupCode, "anna", "cod"), own);
        // What ends the id cannot begin the text.
        assert_ne!(
            hash(Purpose::BackupCode, "an", "nacode"),
            hash(Purpose::BackupCode, "anna", "code")
        );
        let rotated = Sealer::new(&key(2), Some(&key(1))).unwrap();
        let hashes = rotated.keyed_hashes(Purpose::BackupCode, &UserId::new("anna"), "code");
        assert_eq!(hashes.len(), 2);
        assert_ne!(hashes[0], own[0]);
        assert_eq!(hashes[1], own[0]);
    }

    #[test]
    fn opens_what_it_sealed_and_only_for_the_same_user() {
        let sealer = Sealer::new(&key(1), None).unwrap();
        let sealed = seal(&sealer, "anna");
        assert_eq!(open(&sealer, "anna", &sealed).unwrap(), "pass-word");
        assert_eq!(open(&sealer, "bert", &sealed), Err(SealError::Forged));
        assert!(!sealed.as_str().contains("pass-word"));
    }

    #[test]
    fn the_previous_key_still_opens_after_a_rotation() {
        let old = Sealer::new(&key(1), None).unwrap();
        let sealed = seal(&old, "anna");
        let rotated = Sealer::new(&key(2), Some(&key(1))).unwrap();
        assert_eq!(open(&rotated, "anna", &sealed).unwrap(), "pass-word");
        assert!(!rotated.is_current(&sealed));
        assert!(rotated.is_current(&seal(&rotated, "anna")));
        let done = Sealer::new(&key(2), None).unwrap();
        assert_eq!(open(&done, "anna", &sealed), Err(SealError::UnknownKey));
    }

    #[test]
    fn refuses_malformed_keys_and_values() {
        for bad in ["", "c2hvcnQ=", "not base64 at all!"] {
            assert!(Sealer::new(&Secret::new(bad), None).is_err(), "{bad}");
        }
        let sealer = Sealer::new(&key(1), None).unwrap();
        let id = &sealer.current.id;
        for bad in [
            "",
            "v1",
            "v2.x.y",
            &format!("v1.{id}.AA"),
            &format!("v1.{id}.*"),
        ] {
            let result = open(&sealer, "anna", &Sealed::from_stored(bad));
            assert_eq!(result, Err(SealError::MalformedValue), "{bad}");
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let sealer = Sealer::new(&key(1), None).unwrap();
        let sealed = seal(&sealer, "anna");
        let (head, body) = sealed.as_str().rsplit_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(body).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        let forged = Sealed::from_stored(format!("{head}.{}", URL_SAFE_NO_PAD.encode(bytes)));
        assert_eq!(open(&sealer, "anna", &forged), Err(SealError::Forged));
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens_again(plain: String, user: String, seed: u64, byte: u8) {
            let sealer = Sealer::new(&key(byte), None).unwrap();
            let user = UserId::new(user);
            let secret = Secret::new(plain.clone());
            let sealed = sealer
                .seal(Purpose::ThreedeyePassword, &user, &secret, &Seeded::new(seed))
                .unwrap();
            let stored = Sealed::from_stored(sealed.as_str());
            let opened = sealer.open(Purpose::ThreedeyePassword, &user, &stored).unwrap();
            prop_assert_eq!(opened.expose(), plain);
        }

        #[test]
        fn no_flipped_bit_goes_unnoticed(position: prop::sample::Index, bit in 0u8..8) {
            let sealer = Sealer::new(&key(1), None).unwrap();
            let sealed = seal(&sealer, "anna");
            let (head, body) = sealed.as_str().rsplit_once('.').unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(body).unwrap();
            let position = position.index(bytes.len());
            bytes[position] ^= 1 << bit;
            let forged = format!("{head}.{}", URL_SAFE_NO_PAD.encode(bytes));
            let result = open(&sealer, "anna", &Sealed::from_stored(forged));
            prop_assert_eq!(result, Err(SealError::Forged));
        }

        #[test]
        fn no_other_text_opens(position: prop::sample::Index, replacement: char) {
            let sealer = Sealer::new(&key(1), None).unwrap();
            let sealed = seal(&sealer, "anna");
            let mut text: Vec<char> = sealed.as_str().chars().collect();
            let position = position.index(text.len());
            prop_assume!(text[position] != replacement);
            text[position] = replacement;
            let changed = Sealed::from_stored(text.into_iter().collect::<String>());
            prop_assert!(open(&sealer, "anna", &changed).is_err());
        }

        #[test]
        fn nothing_that_was_not_sealed_opens(text: String, body in "[A-Za-z0-9_-]{0,80}") {
            let sealer = Sealer::new(&key(1), None).unwrap();
            let shaped = format!("v1.{}.{body}", sealer.current.id);
            for stored in [text, shaped] {
                prop_assert!(open(&sealer, "anna", &Sealed::from_stored(stored)).is_err());
            }
        }
    }
}
