//! The admin pair: an admin key together with the token of an administrator.

use http::HeaderMap;

use crate::auth::{AuthError, Authenticator, Refusal, admin_key, bearer};
use crate::kernel::audit::Actor;
use crate::kernel::{Secret, mask_email};

/// A holder of both halves of the pair; only [`authenticate_admin`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin(Actor);

impl Admin {
    /// Names the caller in the audit trail and for rate limits.
    pub fn actor(&self) -> Actor {
        self.0.clone()
    }
}

/// Checks both halves of the pair.
///
/// The key comes first because it is cheap: without it nothing is fetched or verified. The
/// domain comes last, so that only a caller with a right key and a valid token is answered 403.
/// `tokens` is `None` when no issuer is configured; then every request is refused.
///
/// # Errors
///
/// As [`admin_key::check`], [`bearer()`], [`Authenticator::verify`] and
/// [`Identity::admin_domain`](crate::auth::Identity::admin_domain) have them.
pub async fn authenticate_admin(
    headers: &HeaderMap,
    keys: &[Secret],
    domains: &[String],
    tokens: Option<&Authenticator<'_>>,
) -> Result<Admin, AuthError> {
    let key = admin_key::check(headers, keys)?;
    let token = bearer(headers)?;
    let identity = tokens
        .ok_or(Refusal::TokensNotConfigured)?
        .verify(token)
        .await?;
    identity.admin_domain(domains)?;
    let email = identity.email.as_deref().unwrap_or_default();
    let actor = Actor::admin(&key.fingerprint(), &mask_email(email));
    Ok(Admin(actor))
}
