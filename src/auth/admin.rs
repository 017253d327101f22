//! The admin pair: an admin key and the token of an administrator, both.

use http::HeaderMap;

use crate::auth::{AdminKeyProof, AuthError, Authenticator, Identity, Refusal, admin_key, bearer};
use crate::kernel::Secret;

/// A caller who has shown both halves of the pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// The key used.
    pub key: AdminKeyProof,
    /// The administrator.
    pub identity: Identity,
}

/// Asks a request for both halves of the pair.
///
/// The key is checked first, since it costs nothing: whoever lacks it cannot
/// make us fetch or verify anything. The domain is checked last, so that only
/// a caller with both halves right hears of being forbidden. `tokens` is
/// `None` when no issuer is configured, and then nobody is let in.
///
/// # Errors
///
/// As [`admin_key::check`], [`bearer()`], [`Authenticator::verify`] and
/// [`Identity::admin_domain`] have them.
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
    Ok(Admin { key, identity })
}
