//! JSON Web Tokens (RFC 7519 in the compact form of RFC 7515), held to RFC 8725.
//!
//! Claims can be read only from a [`VerifiedToken`], which only [`UnverifiedToken`] becomes when its
//! signature was checked: no claim can be used by mistake before.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jwt_compact::{Claims, Empty, TimeOptions, ValidationError};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::auth::claims::ClaimSet;
use crate::auth::verified::VerifiedTokens;
use crate::auth::{Algorithm, Identity, PublicKey, Refusal};
use crate::kernel::{ContentHash, Object, Timestamp};

#[cfg(test)]
mod tests;

/// The most bytes a token may have.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The most bytes a key id may have.
pub const MAX_KEY_ID_BYTES: usize = 256;

/// How far the issuer's clock and this service's may differ.
pub const LEEWAY: TimeDelta = TimeDelta::seconds(60);

/// Which tokens are accepted, and what their claims are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtConfig {
    /// `JWT_ISSUER`: must equal `iss`.
    pub issuer: String,
    /// `JWT_AUDIENCE`: must be, or be among, `aud`.
    pub audience: String,
    /// `JWT_JWKS_URL`: where the public keys are.
    pub jwks_url: String,
    pub claims: ClaimNames,
    /// `JWT_EMAIL_VERIFIED`: whether an e-mail counts as verified where the token does not say.
    pub trusts_unmarked_email: bool,
    /// `JWT_AUTH_TIME`: whether `iat` stands for a time of signing in that the token does not tell.
    pub takes_iat_as_auth_time: bool,
}

/// The names of claims that differ between providers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// `JWT_EMAIL_CLAIM`.
    pub email: String,
    /// `JWT_EMAIL_VERIFIED_CLAIM`.
    pub email_verified: String,
    /// `JWT_AUTH_TIME_CLAIM`.
    pub auth_time: String,
    /// `JWT_AMR_CLAIM`.
    pub amr: String,
    /// `JWT_STAFF_CLAIM`.
    pub staff: String,
}

/// A well-formed token whose signature is not yet checked.
pub struct UnverifiedToken<'a> {
    algorithm: Algorithm,
    key_id: String,
    signing_input: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> UnverifiedToken<'a> {
    /// Parses the compact form and checks the header, of which nothing but `alg`, `kid`, `typ` and `crit` is
    /// read: at most
    /// [`MAX_TOKEN_BYTES`], RS256 or ES256, a `kid`, no `crit`, and a `typ` of
    /// `JWT`, `at+jwt` (RFC 9068) or none.
    ///
    /// # Errors
    ///
    /// The first defect found; all of them are 401.
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TokenTooLarge);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(Refusal::TokenStructure)?;
        let (header, payload) = signing_input
            .split_once('.')
            .filter(|(_, payload)| !payload.contains('.'))
            .ok_or(Refusal::TokenStructure)?;
        let Object(header): Object<Header> =
            serde_json::from_slice(&decode(header)?).map_err(|_| Refusal::HeaderMalformed)?;
        if header.crit.0 {
            return Err(Refusal::CriticalExtension);
        }
        if !header.typ.as_deref().is_none_or(is_allowed_type) {
            return Err(Refusal::TypeNotAllowed);
        }
        let algorithm = Algorithm::from_name(&header.alg).ok_or(Refusal::AlgorithmNotAllowed)?;
        let key_id = match header.kid {
            None => return Err(Refusal::KeyIdMissing),
            Some(id) if id.is_empty() => return Err(Refusal::KeyIdMissing),
            Some(id) if id.len() > MAX_KEY_ID_BYTES => return Err(Refusal::KeyIdTooLong),
            Some(id) => id,
        };
        let signature = decode(signature)?;
        if !algorithm.fits(signature.len()) {
            return Err(Refusal::SignatureMalformed);
        }
        Ok(Self {
            algorithm,
            key_id,
            signing_input,
            payload: decode(payload)?,
            signature,
        })
    }

    /// The algorithm that the token claims to be signed with.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The id of the key that the token claims to be signed with.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Checks the signature.
    ///
    /// # Errors
    ///
    /// [`Refusal::SignatureWrong`], or [`Refusal::SignatureNotChecked`] when
    /// the cryptography itself failed.
    pub async fn verify(self, key: &dyn PublicKey) -> Result<VerifiedToken, Refusal> {
        let genuine = key
            .verify(self.signing_input.as_bytes(), &self.signature)
            .await
            .map_err(|_| Refusal::SignatureNotChecked)?;
        if genuine {
            Ok(VerifiedToken(self.payload))
        } else {
            Err(Refusal::SignatureWrong)
        }
    }

    /// Takes the token as verified if this very text was before.
    ///
    /// # Errors
    ///
    /// The token itself: its signature is to be checked.
    pub fn verified_before(
        self,
        verified: &VerifiedTokens,
        text: ContentHash,
        now: Timestamp,
    ) -> Result<VerifiedToken, Self> {
        if verified.contains(text, now) {
            Ok(VerifiedToken(self.payload))
        } else {
            Err(self)
        }
    }
}

impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedToken(…)")
    }
}

/// A token with a valid signature. [`VerifiedToken::claims`] checks audience and dates.
pub struct VerifiedToken(Vec<u8>);

impl VerifiedToken {
    /// When the token expires; `None` where that cannot be read.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let claims: Claims<Empty> = serde_json::from_slice(&self.0).ok()?;
        let expires_at = claims.expiration?.timestamp_millis();
        Some(Timestamp::from_millis(expires_at))
    }

    /// Checks the claims and returns the identity that they describe.
    ///
    /// `iss`, `aud` and `exp` are required and `nbf` is honoured (RFC 7519,
    /// section 4.1). `iat` and `auth_time` may be absent but not lie in the
    /// future: the age of a sign-in is computed from them, and a date in the future
    /// would keep it recent for too long. All dates have [`LEEWAY`].
    ///
    /// # Errors
    ///
    /// The first defect found; all of them are 401.
    pub fn claims(&self, policy: &JwtConfig, now: Timestamp) -> Result<Identity, Refusal> {
        let claims: Claims<ClaimSet> =
            serde_json::from_slice(&self.0).map_err(|_| Refusal::ClaimsMalformed)?;
        claims.custom.check_issuer(&policy.issuer)?;
        claims.custom.check_audience(&policy.audience)?;
        check_validity(&claims, now)?;

        let issued_at = claims.issued_at.map(|moment| moment.timestamp());
        let (claims, names) = (claims.custom, &policy.claims);
        let auth_time = claims.auth_time(&names.auth_time)?;
        if is_future(issued_at, now) {
            return Err(Refusal::IssuedInFuture);
        }
        if is_future(auth_time, now) {
            return Err(Refusal::AuthTimeInFuture);
        }
        let is_machine = claims.is_machine();
        Ok(Identity {
            subject: claims.subject()?,
            email: claims.text(&names.email),
            is_email_verified: claims
                .email_verified(&names.email_verified)
                .unwrap_or(policy.trusts_unmarked_email),
            is_staff: !is_machine && claims.is_true(&names.staff),
            is_machine,
            signed_in_at: auth_time.or(issued_at.filter(|_| policy.takes_iat_as_auth_time)),
            amr: claims.amr(&names.amr),
        })
    }

    /// Checks that an ID token answers the authentication request with this nonce, of this client.
    ///
    /// # Errors
    ///
    /// The first defect found.
    pub fn check_request(&self, client_id: &str, nonce: &str) -> Result<(), Refusal> {
        let claims: ClaimSet =
            serde_json::from_slice(&self.0).map_err(|_| Refusal::ClaimsMalformed)?;
        claims.check_nonce(nonce)?;
        claims.check_authorized_party(client_id)
    }
}

/// `exp` and `nbf`.
fn check_validity(claims: &Claims<ClaimSet>, now: Timestamp) -> Result<(), Refusal> {
    let now = now.to_datetime();
    let options = TimeOptions::new(LEEWAY, || now);
    claims
        .validate_expiration(&options)
        .map_err(|cause| match cause {
            ValidationError::Expired => Refusal::Expired,
            _ => Refusal::ExpirationMissing,
        })?;
    // Only asked about a future `nbf`: jwt-compact takes the leeway off it
    // unchecked, which panics at the beginning of time.
    if claims.not_before.is_some_and(|from| from > now) {
        claims
            .validate_maturity(&options)
            .map_err(|_| Refusal::NotYetValid)?;
    }
    Ok(())
}

/// Whether a number of seconds since the epoch is later than the leeway allows.
fn is_future(seconds: Option<i64>, now: Timestamp) -> bool {
    seconds.is_some_and(|seconds| seconds.saturating_sub(now.as_secs()) > LEEWAY.num_seconds())
}

/// `application/` may be left out, and case does not matter (RFC 7515, section 4.1.9).
fn is_allowed_type(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(
        typ.strip_prefix("application/").unwrap_or(&typ),
        "jwt" | "at+jwt"
    )
}

/// The header parameters that are read. Whatever else a header holds is ignored, and may be of any form.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    crit: Presence,
}

/// Canonical base64url without padding (RFC 7515, section 2).
fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Refusal::TokenEncoding)
}

/// Whether a member is there at all, whatever its value, `null` included.
#[derive(Clone, Copy, Default)]
struct Presence(bool);

impl<'de> Deserialize<'de> for Presence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}
