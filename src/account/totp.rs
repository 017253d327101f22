//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, steps of 30 s, one step either way.
//!
//! A code that matches is not accepted yet. A step may be accepted once only (RFC 6238, section 5.2), which
//! `store::try_totp` decides.

use std::fmt;
use std::time::Duration;

use base32::Alphabet;
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use crate::account::code_text::bare;
use crate::kernel::{Purpose, Random, SealError, Sealed, Sealer, Secret, Timestamp, UserId};

/// RFC 4226, section 4, R6: as long as the hash.
const SECRET_BYTES: usize = 20;
/// The time step, in seconds.
const STEP_S: i64 = 30;
/// Steps of tolerance either way (RFC 6238, section 5.2).
const SKEW: i64 = 1;
const DIGITS: usize = 6;
/// How authenticators write secrets (RFC 4648, section 6).
const BASE32: Alphabet = Alphabet::Rfc4648 { padding: false };

/// How long a set-up can be validated.
pub const SETUP_TTL: Duration = Duration::from_secs(10 * 60);

/// The secret that a person's authenticator and this service share.
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

/// A stored secret that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    #[error(transparent)]
    Sealed(#[from] SealError),
    #[error("the sealed value is no secret")]
    Malformed,
}

/// Exactly six ASCII digits.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpCode(String);

impl TotpCode {
    /// Reads a code as [`bare`] leaves it; `None`: it is not six ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        let code = bare(text);
        let is_code = code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| Self(code.as_str().to_owned()))
    }
}

impl fmt::Debug for TotpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpCode(…)")
    }
}

impl TotpSecret {
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        random.fill(bytes.as_mut_slice());
        Self(bytes)
    }

    /// Reads a secret as it was sealed: 32 characters of base32.
    pub fn from_base32(text: &Secret) -> Option<Self> {
        let bytes = Zeroizing::new(base32::decode(BASE32, text.expose())?);
        let bytes: [u8; SECRET_BYTES] = bytes.as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// Seals the secret: of a second factor for its user, of a set-up for the subject that began it.
    ///
    /// # Errors
    ///
    /// As [`Sealer::seal`] has them.
    pub fn seal(
        &self,
        purpose: Purpose,
        user: &UserId,
        sealer: &Sealer,
        random: &dyn Random,
    ) -> Result<Sealed, SealError> {
        sealer.seal(purpose, user, &self.to_base32(), random)
    }

    /// # Errors
    ///
    /// [`BadSecret`].
    pub fn open(
        sealed: &Sealed,
        purpose: Purpose,
        user: &UserId,
        sealer: &Sealer,
    ) -> Result<Self, BadSecret> {
        let text = sealer.open(purpose, user, sealed)?;
        Self::from_base32(&text).ok_or(BadSecret::Malformed)
    }

    /// The secret as an authenticator takes it and as it is sealed.
    pub fn to_base32(&self) -> Secret {
        Secret::new(base32::encode(BASE32, self.0.as_slice()))
    }

    /// The newest time step around `now` with this code. The newest, because a code that two steps
    /// happen to share would be accepted twice otherwise.
    pub fn matching_step(&self, code: &TotpCode, now: Timestamp) -> Option<i64> {
        let totp = self.totp("", "")?;
        let present = now.as_secs().div_euclid(STEP_S);
        let mut steps = (present.saturating_sub(SKEW)..=present.saturating_add(SKEW)).rev();
        steps.find(|step| {
            let second = u64::try_from(step.saturating_mul(STEP_S));
            second.is_ok_and(|second| totp.check(&code.0, second).is_some())
        })
    }

    /// What an authenticator shows.
    #[cfg(test)]
    pub(crate) fn code_at(&self, at: Timestamp) -> String {
        let seconds = u64::try_from(at.as_secs()).unwrap();
        self.totp("", "").unwrap().generate(seconds).to_string()
    }

    /// The address that authenticators scan (Key Uri Format): `otpauth://totp/…`. What they do not
    /// all understand, and would not change anything, is left out. `None`: the account has no name,
    /// or one with a colon, which would end the issuer's.
    pub fn otpauth_url(&self, issuer: &str, account: &str) -> Option<Secret> {
        let url = self.totp(issuer, account)?.to_url().ok()?;
        Some(Secret::new(url))
    }

    /// Without tolerance: `matching_step` has to know which step a code belongs to.
    fn totp(&self, issuer: &str, account: &str) -> Option<Totp> {
        let builder = Builder::new()
            .with_secret(totp_rs::Secret::new_stack(*self.0))
            .with_skew(0)
            .with_account_name(account);
        let builder = match issuer {
            "" => builder,
            _ => builder.with_issuer(Some(issuer)),
        };
        builder.build().ok()
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests;
