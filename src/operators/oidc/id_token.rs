//! The ID token: who signed in, when and how.

use std::fmt;

use super::Login;
use crate::auth::jwt::LEEWAY;
use crate::auth::{ClaimNames, Identity, JwtConfig, Refusal};
use crate::kernel::{EmailKey, Timestamp};

/// A person who signed in at the provider, no longer ago than the sign-in asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// `sub`, by which the provider knows the person for ever.
    pub subject: String,
    pub email: EmailKey,
    /// `auth_time`.
    pub authenticated_at: Timestamp,
    pub has_shown_second_factor: bool,
}

/// Which ID tokens are accepted: those of the tokens' issuer for the console's client. Their claims have
/// the names of OpenID Connect, whatever those of access tokens are called, and what one of them does not
/// say counts as not so.
pub fn policy(tokens: &JwtConfig, client_id: &str) -> JwtConfig {
    JwtConfig {
        issuer: tokens.issuer.clone(),
        audience: client_id.to_owned(),
        jwks_url: tokens.jwks_url.clone(),
        claims: ClaimNames {
            email: "email".to_owned(),
            email_verified: "email_verified".to_owned(),
            auth_time: "auth_time".to_owned(),
            amr: "amr".to_owned(),
            staff: tokens.claims.staff.clone(),
        },
        trusts_unmarked_email: false,
        takes_iat_as_auth_time: false,
    }
}

impl SignedIn {
    /// Checks what a verified ID token says against the sign-in that it answers.
    ///
    /// # Errors
    ///
    /// [`Refusal::DomainNotAllowed`], or a defect of the token.
    pub fn of(
        identity: &Identity,
        login: &Login,
        domains: &[String],
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let subject = identity.subject.clone().ok_or(Refusal::SubjectMissing)?;
        // `max_age` is only asked for: a provider may ignore it, and on its way through the browser it can
        // be taken away.
        let oldest = i64::from(login.max_age()) + LEEWAY.num_seconds();
        let signed_in_at = identity.signed_in_at.ok_or(Refusal::AuthTimeTooOld)?;
        if signed_in_at < now.as_secs().saturating_sub(oldest) {
            return Err(Refusal::AuthTimeTooOld);
        }
        let email = identity.admin_email(domains)?;
        Ok(Self {
            subject,
            email: EmailKey::of(email).ok_or(Refusal::EmailMissing)?,
            // A provider's clock may be ahead, and a sign-in must not stay recent for longer by that.
            authenticated_at: Timestamp::from_millis(signed_in_at.saturating_mul(1000)).min(now),
            has_shown_second_factor: identity.has_shown_second_factor(),
        })
    }
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedIn({})", self.email)
    }
}
