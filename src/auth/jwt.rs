//! JSON Web Tokens (RFC 7519 in the compact form of RFC 7515), held to RFC 8725.
//!
//! Claims can be read only from a [`VerifiedToken`], which only [`UnverifiedToken::verify`]
//! returns: no claim can be used by mistake before its signature was checked.

use std::fmt;

use chrono::TimeDelta;
use jwt_compact::{Claims, ParseError, TimeOptions, UntrustedToken, ValidationError};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::auth::claims::ClaimSet;
use crate::auth::{Algorithm, Identity, PublicKey, Refusal};
use crate::kernel::Timestamp;

#[cfg(test)]
mod tests;

/// The most bytes a token may have.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The most bytes a key id may have.
pub const MAX_KEY_ID_BYTES: usize = 256;

/// How far the issuer's clock and this service's may differ.
pub const LEEWAY: TimeDelta = TimeDelta::seconds(60);

/// Which tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtConfig {
    /// `JWT_ISSUER`: must equal `iss`.
    pub issuer: String,
    /// `JWT_AUDIENCE`: must be, or be among, `aud`.
    pub audience: String,
    /// `JWT_JWKS_URL`: where the public keys are.
    pub jwks_url: String,
    /// `JWT_EMAIL_CLAIM`: the claim that carries the e-mail.
    pub email_claim: String,
}

/// A well-formed token whose signature is not yet checked.
pub struct UnverifiedToken<'a> {
    token: UntrustedToken<'a, Extensions>,
    algorithm: Algorithm,
    key_id: String,
    signing_input: &'a str,
}

impl<'a> UnverifiedToken<'a> {
    /// Parses the compact form and checks the header: at most
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
        let token = UntrustedToken::<Extensions>::try_from(text).map_err(|cause| match cause {
            ParseError::InvalidBase64Encoding => Refusal::TokenEncoding,
            ParseError::MalformedHeader(_) => Refusal::HeaderMalformed,
            ParseError::UnsupportedContentType(_) => Refusal::ContentTypeNotAllowed,
            _ => Refusal::TokenStructure,
        })?;
        // jwt-compact checks none of what follows.
        let header = token.header();
        if header.other_fields.crit.0 {
            return Err(Refusal::CriticalExtension);
        }
        if !header.token_type.as_deref().is_none_or(is_allowed_type) {
            return Err(Refusal::TypeNotAllowed);
        }
        let algorithm =
            Algorithm::from_name(token.algorithm()).ok_or(Refusal::AlgorithmNotAllowed)?;
        let key_id = match header.key_id.as_deref() {
            None | Some("") => return Err(Refusal::KeyIdMissing),
            Some(id) if id.len() > MAX_KEY_ID_BYTES => return Err(Refusal::KeyIdTooLong),
            Some(id) => id.to_owned(),
        };
        if !algorithm.fits(token.signature_bytes().len()) {
            return Err(Refusal::SignatureMalformed);
        }
        let (signing_input, _) = text.rsplit_once('.').ok_or(Refusal::TokenStructure)?;
        Ok(Self {
            token,
            algorithm,
            key_id,
            signing_input,
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
    pub async fn verify(self, key: &dyn PublicKey) -> Result<VerifiedToken<'a>, Refusal> {
        let genuine = key
            .verify(self.signing_input.as_bytes(), self.token.signature_bytes())
            .await
            .map_err(|_| Refusal::SignatureNotChecked)?;
        if genuine {
            Ok(VerifiedToken(self.token))
        } else {
            Err(Refusal::SignatureWrong)
        }
    }
}

impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedToken(…)")
    }
}

/// A token with a valid signature. [`VerifiedToken::claims`] checks audience and dates.
pub struct VerifiedToken<'a>(UntrustedToken<'a, Extensions>);

impl VerifiedToken<'_> {
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
        // "Unchecked" is the signature, which has been checked.
        let claims: Claims<ClaimSet> = self
            .0
            .deserialize_claims_unchecked()
            .map_err(|_| Refusal::ClaimsMalformed)?;
        claims.custom.check_issuer(&policy.issuer)?;
        claims.custom.check_audience(&policy.audience)?;
        check_validity(&claims, now)?;

        let issued_at = claims.issued_at.map(|moment| moment.timestamp());
        let auth_time = claims.custom.auth_time()?;
        if is_future(issued_at, now) {
            return Err(Refusal::IssuedInFuture);
        }
        if is_future(auth_time, now) {
            return Err(Refusal::AuthTimeInFuture);
        }
        Ok(Identity {
            subject: claims.custom.subject()?,
            email: claims.custom.text(&policy.email_claim),
            email_verified: claims.custom.email_verified(),
            is_staff: claims.custom.is_staff(),
            auth_time,
            issued_at,
            amr: claims.custom.amr(),
            token_id: claims.custom.text("jti"),
        })
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

/// The header parameters that jwt-compact does not know.
#[derive(Clone, Deserialize)]
struct Extensions {
    #[serde(default)]
    crit: Presence,
}

/// Whether a member is there at all, whatever its value, `null` included.
#[derive(Clone, Copy, Default)]
struct Presence(bool);

impl<'de> Deserialize<'de> for Presence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}
