//! The keys that one configured key stands for: one a purpose, so that no use of one can weaken or
//! give away another.

use aes_gcm::{Aes256Gcm, KeyInit as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Purpose, SealError};
use crate::kernel::{Secret, sha256_hex};

/// Separates these keys from those that another program derives from the same key.
const SALT: &[u8] = b"spkey-edge";

/// Derived by HKDF-SHA256 (RFC 5869).
pub(super) struct DerivedKeys {
    /// Names the configured key in what is sealed.
    pub(super) id: String,
    /// Seals what lasts: passwords, second factors, backup codes.
    pub(super) secrets: Aes256Gcm,
    /// Seals tokens.
    pub(super) tokens: Aes256Gcm,
    /// Makes the hashes by which values are looked up.
    pub(super) hash: Hmac<Sha256>,
    /// Makes the tags by which previews are recognised.
    pub(super) tag: Hmac<Sha256>,
    pub(super) legacy: LegacyKeys,
}

/// The keys of version 1: the configured one sealed, and the other one was derived from it.
pub(super) struct LegacyKeys {
    pub(super) cipher: Aes256Gcm,
    pub(super) hash: Hmac<Sha256>,
}

impl DerivedKeys {
    /// Takes 32 bytes in base64.
    pub(super) fn parse(encoded: &Secret) -> Result<Self, SealError> {
        let bytes = Zeroizing::new(
            STANDARD
                .decode(encoded.expose().trim())
                .map_err(|_| SealError::MalformedKey)?,
        );
        // AES-256 alone is particular about the length.
        let legacy = LegacyKeys {
            cipher: cipher(&bytes)?,
            hash: {
                let derived = mac(&bytes)?.chain_update(b"spkey-edge/keyed-hash");
                mac(&derived.finalize().into_bytes())?
            },
        };
        let kdf = Hkdf::<Sha256>::new(Some(SALT), &bytes);
        let derive = |purpose: &str| {
            let mut key = Zeroizing::new([0; 32]);
            kdf.expand(purpose.as_bytes(), key.as_mut_slice())
                .map_err(|_| SealError::MalformedKey)?;
            Ok(key)
        };
        Ok(Self {
            id: sha256_hex(&bytes).chars().take(8).collect(),
            secrets: cipher(&*derive("sealing")?)?,
            tokens: cipher(&*derive("tokens")?)?,
            hash: mac(&*derive("look-up hashes")?)?,
            tag: mac(&*derive("tags")?)?,
            legacy,
        })
    }

    pub(super) const fn cipher(&self, purpose: Purpose) -> &Aes256Gcm {
        match purpose {
            Purpose::ThreedeyePassword
            | Purpose::TotpSecret
            | Purpose::PendingTotpSecret
            | Purpose::BackupCode => &self.secrets,
            Purpose::PushToken
            | Purpose::EmailToken
            | Purpose::ConsoleLogin
            | Purpose::SearchPlace => &self.tokens,
        }
    }
}

fn cipher(key: &[u8]) -> Result<Aes256Gcm, SealError> {
    Aes256Gcm::new_from_slice(key).map_err(|_| SealError::MalformedKey)
}

fn mac(key: &[u8]) -> Result<Hmac<Sha256>, SealError> {
    // HMAC takes keys of every length.
    hmac::KeyInit::new_from_slice(key).map_err(|_| SealError::MalformedKey)
}
