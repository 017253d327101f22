//! Credentials of the account API: tokens of people, and API keys.

use std::time::Duration;

use http::HeaderMap;

use crate::account::store::read_api_key;
use crate::auth::{ApiKey, Identity, Scope, bearer};
use crate::kernel::audit::Actor;
use crate::kernel::{Timestamp, mask_email};
use crate::services::Services;
use crate::web::ApiError;

use crate::account::endpoints::problem::{denied, invalid_api_key, invalid_token, unauthenticated};

/// How long a sign-in counts as recent.
const RECENT_SIGN_IN: Duration = Duration::from_secs(2 * 60 * 60);

#[derive(Debug)]
pub(crate) enum Credential {
    /// A signed-in person's token, with its subject. Staff may have an empty one, which selects no account.
    Person {
        identity: Identity,
        subject: String,
        is_staff: bool,
    },
    /// The hash of an API key, not yet looked up, and the scope it needs.
    Key { hash: String, scope: Scope },
}

pub(crate) fn is_recent(identity: &Identity, now: Timestamp) -> bool {
    identity.authenticated_at().is_some_and(|second| {
        let at = Timestamp::from_millis(second.saturating_mul(1000));
        now.since(at) < RECENT_SIGN_IN
    })
}

/// Staff need not have an account. With some providers the subject is an e-mail address.
pub(crate) fn staff(identity: &Identity, subject: &str) -> Actor {
    let email = identity.email.as_deref().map(mask_email);
    Actor::staff(&email.unwrap_or_else(|| masked(subject)))
}

/// A subject for logs. With some providers it is an e-mail address, with others a phone number.
fn masked(subject: &str) -> String {
    if subject.contains('@') {
        return mask_email(subject);
    }
    // `sms|+41791234567`: the part before the bar is the way of signing in.
    if let Some((way, number)) = subject.rsplit_once("|+") {
        return format!("{way}|{}", masked_number(&format!("+{number}")));
    }
    let is_of_number = |c: char| c.is_ascii_digit() || " +-()./".contains(c);
    if subject.chars().all(is_of_number) {
        return masked_number(subject);
    }
    subject.to_owned()
}

fn masked_number(number: &str) -> String {
    let first: String = number.chars().take(3).collect();
    format!("{first}***")
}

pub(crate) async fn authenticate(
    headers: &HeaderMap,
    services: &Services,
    scope: Option<Scope>,
) -> Result<Credential, ApiError> {
    let credential = bearer(headers).map_err(|refusal| unauthenticated(refusal.into()))?;
    if credential.starts_with(ApiKey::PREFIX) {
        let key = ApiKey::parse(credential).map_err(|refusal| unauthenticated(refusal.into()))?;
        return match scope {
            Some(scope) => Ok(Credential::Key {
                hash: key.hash(),
                scope,
            }),
            None => Err(refuse_key(services, &key).await),
        };
    }
    let identity = services.authenticate_person(headers).await;
    let identity = identity.map_err(unauthenticated)?;
    let domains = &services.config.admin_email_domains;
    let is_staff = identity.is_staff || identity.admin_domain(domains).is_ok();
    let subject = match identity.subject.clone() {
        Some(subject) => subject,
        // Staff need not have an account; then `@me` selects none.
        None if is_staff => String::new(),
        None => return Err(invalid_token("subject_missing")),
    };
    Ok(Credential::Person {
        identity,
        subject,
        is_staff,
    })
}

/// The refusal of an API key where none is accepted.
async fn refuse_key(services: &Services, key: &ApiKey) -> ApiError {
    let lookup = async {
        let database = services.database()?;
        Ok::<_, ApiError>(read_api_key(&database, &key.hash()).await?)
    };
    match lookup.await {
        Err(error) => error,
        Ok(None) => invalid_api_key(),
        Ok(Some(_)) => denied("This action does not support personal API key access"),
    }
}

/// The caller's name for the log, before the account is read.
pub(crate) fn name(credential: &Credential, subject: &str) -> String {
    match credential {
        Credential::Person {
            identity,
            is_staff: true,
            ..
        } => staff(identity, subject).as_str().to_owned(),
        _ => format!("subject:{}", masked(subject)),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn subjects_that_are_addresses_are_masked() {
        assert_eq!(masked("ada@example.com"), "a***@example.com");
        assert_eq!(masked("+41 79 123 45 67"), "+41***");
        assert_eq!(masked("0041791234567"), "004***");
        assert_eq!(masked("sms|+41791234567"), "sms|+41***");
        for plain in [
            "auth0|65f0a2",
            "google-oauth2|1071",
            "0b9f3c1e-5d1f-4c8e-9d57-000000000001",
        ] {
            assert_eq!(masked(plain), plain);
        }
    }
}
