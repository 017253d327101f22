//! The admin pair: an admin key together with the token of an administrator.

use http::HeaderMap;

use crate::auth::{AuthError, Authenticator, Identity, Refusal, SignIn, admin_key, bearer};
use crate::kernel::audit::Actor;
use crate::kernel::{Secret, Timestamp, mask_email, sha256_hex};

/// A holder of both halves of the pair; only [`authenticate_pair`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminPair {
    actor: Actor,
    name: String,
    identity: Identity,
}

impl AdminPair {
    /// Names the caller in the audit trail.
    pub fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// Names the person, whichever admin key they use. Different persons have different names.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether the administrator has signed in as a route requires.
    pub fn satisfies(&self, sign_in: SignIn, now: Timestamp) -> bool {
        sign_in != SignIn::Recently || self.identity.is_recent(now)
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
/// [`Identity::admin_email`] have them.
pub async fn authenticate_pair(
    headers: &HeaderMap,
    keys: &[Secret],
    domains: &[String],
    tokens: Option<&Authenticator<'_>>,
) -> Result<AdminPair, AuthError> {
    let key = admin_key::check(headers, keys)?;
    let token = bearer(headers)?;
    let identity = tokens
        .ok_or(Refusal::TokensNotConfigured)?
        .verify(token)
        .await?;
    let email = identity.admin_email(domains)?;
    let name = name(identity.subject.as_deref(), email);
    let actor = Actor::admin(&key.fingerprint(), &name);
    Ok(AdminPair {
        actor,
        name,
        identity,
    })
}

/// The masked e-mail, by which a reader knows the person, and the subject, which tells apart those
/// whose masked e-mails are equal.
pub(super) fn name(subject: Option<&str>, email: &str) -> String {
    let masked = mask_email(email);
    match subject {
        Some(subject) if is_opaque(subject) => format!("{masked} ({subject})"),
        other => {
            let hash = sha256_hex(other.unwrap_or(email).as_bytes());
            let short: String = hash.chars().take(12).collect();
            format!("{masked} (sha256:{short})")
        }
    }
}

/// Whether a subject can stand in a log as it is: short, of plain characters, and neither an e-mail nor a
/// phone number, which some providers use.
fn is_opaque(subject: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"|-_.:".contains(&byte);
    subject.len() <= 64
        && subject.bytes().all(is_plain)
        && subject.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn administrators_with_the_same_masked_email_are_told_apart() {
        let anna = name(Some("auth0|65f0a2"), "anna@smartphonekey.com");
        assert_eq!(anna, "a***@smartphonekey.com (auth0|65f0a2)");
        let adam = name(Some("auth0|65f0a3"), "adam@smartphonekey.com");
        assert_ne!(anna, adam);
        let without_subject = |email| name(None, email);
        assert_ne!(
            without_subject("anna@smartphonekey.com"),
            without_subject("adam@smartphonekey.com")
        );
    }

    #[test]
    fn a_subject_that_is_an_address_or_long_is_not_shown() {
        let long = "x".repeat(65);
        for subject in [
            "anna@smartphonekey.com",
            "+41791234567",
            "0041791234567",
            "a b",
            &long,
        ] {
            let shown = name(Some(subject), "anna@smartphonekey.com");
            assert!(!shown.contains(subject), "{shown}");
            assert!(
                shown.starts_with("a***@smartphonekey.com (sha256:"),
                "{shown}"
            );
        }
    }
}
