//! Sealing at rest: AES-256-GCM under keys derived from `CREDENTIALS_KEY`.
//!
//! A sealed value is the text `v2.<key id>.<base64url(nonce || ciphertext || tag)>`. The key id
//! (8 hex digits of the key's SHA-256) tells which key opens it, so that a rotation needs no
//! trial and error. The associated data binds a value to its purpose and its user: copied to
//! another user, it does not open. A value that is looked up by its content has a keyed hash
//! beside it. Values of version 1 were sealed under the configured key itself; they still open.

mod keys;

#[cfg(test)]
mod tests;

use std::fmt;

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use sha2::Sha256;
use zeroize::Zeroizing;

use self::keys::DerivedKeys;
use crate::kernel::secret::hex;
use crate::kernel::{Random, Secret, UserId};

const VERSION: &str = "v2";
const LEGACY_VERSION: &str = "v1";
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
    /// A sign-in to the console that is under way; bound to no user, as none is known.
    ConsoleLogin,
    /// Where a search of an administrator goes on; bound to their name.
    SearchPlace,
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
            Self::ConsoleLogin => "console-login",
            Self::SearchPlace => "search-place",
        }
    }
}

/// Seals under the current key; opens under the current and the previous one.
pub struct Sealer {
    current: DerivedKeys,
    previous: Option<DerivedKeys>,
}

impl Sealer {
    /// Takes `CREDENTIALS_KEY` and, while a rotation lasts, `CREDENTIALS_KEY_PREVIOUS`.
    pub fn new(current: &Secret, previous: Option<&Secret>) -> Result<Self, SealError> {
        Ok(Self {
            current: DerivedKeys::parse(current)?,
            previous: previous.map(DerivedKeys::parse).transpose()?,
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
        let cipher = self.current.cipher(purpose);
        let data = associated_data(purpose, user);
        let sealed = seal_under(cipher, &data, plain.expose(), random)?;
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
        let (Some(version), Some(key_id), Some(body)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(SealError::MalformedValue);
        };
        let keys = || {
            let mut keys = self.keys();
            keys.find(|keys| keys.id == key_id)
                .ok_or(SealError::UnknownKey)
        };
        let cipher = match version {
            VERSION => keys()?.cipher(purpose),
            LEGACY_VERSION => &keys()?.legacy.cipher,
            _ => return Err(SealError::MalformedValue),
        };
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
            cipher
                .decrypt(Nonce::from_slice(nonce), payload)
                .map_err(|_| SealError::Forged)?,
        );
        let text = std::str::from_utf8(&plain).map_err(|_| SealError::MalformedValue)?;
        Ok(Secret::new(text))
    }

    /// The keyed hashes of a text for one user and one purpose, lower-case hex HMAC-SHA256: the
    /// one to store, under the current key, and then those that may have been stored before, by
    /// version 1 and, while a rotation lasts, under the previous key.
    pub fn keyed_hashes(&self, purpose: Purpose, user: &UserId, text: &str) -> Vec<String> {
        let data = associated_data(purpose, user);
        let hash = |key: &Hmac<Sha256>| {
            let hash = key.clone().chain_update(&data).chain_update([0]);
            hex(&hash.chain_update(text).finalize().into_bytes())
        };
        self.keys()
            .flat_map(|keys| [hash(&keys.hash), hash(&keys.legacy.hash)])
            .collect()
    }

    /// The tag of a text that is about one user: HMAC-SHA256 in base64url. Only this service can make it, so
    /// that a client may be given it to show it again later.
    pub fn tag(&self, user: &UserId, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(tagging(&self.current, user, text).finalize().into_bytes())
    }

    /// Whether a tag is one that [`tag`](Self::tag) made of this text, in constant time.
    pub fn is_tag(&self, user: &UserId, text: &str, tag: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(tag) else {
            return false;
        };
        let mut keys = self.keys();
        keys.any(|keys| tagging(keys, user, text).verify_slice(&bytes).is_ok())
    }

    /// Whether `sealed` is as it would be sealed today; a rotation leaves values under the previous
    /// key.
    pub fn is_current(&self, sealed: &Sealed) -> bool {
        let mut parts = sealed.as_str().split('.');
        parts.next() == Some(VERSION) && parts.next() == Some(self.current.id.as_str())
    }

    /// The current keys, and while a rotation lasts the previous ones.
    fn keys(&self) -> impl Iterator<Item = &DerivedKeys> {
        std::iter::once(&self.current).chain(self.previous.as_ref())
    }
}

fn tagging(keys: &DerivedKeys, user: &UserId, text: &str) -> Hmac<Sha256> {
    let mac = keys.tag.clone().chain_update(user.as_str());
    mac.chain_update([0]).chain_update(text)
}

/// Nonce, ciphertext and tag.
fn seal_under(
    cipher: &Aes256Gcm,
    associated_data: &[u8],
    plain: &str,
    random: &dyn Random,
) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_BYTES];
    random.fill(&mut nonce);
    let payload = Payload {
        msg: plain.as_bytes(),
        aad: associated_data,
    };
    let ciphertext = cipher
        .encrypt(Nonce::from_slice(&nonce), payload)
        .map_err(|_| SealError::Cipher)?;
    Ok([&nonce[..], &ciphertext].concat())
}

fn associated_data(purpose: Purpose, user: &UserId) -> Vec<u8> {
    format!("spkey-edge/{}/{}", purpose.label(), user.as_str()).into_bytes()
}
