//! Who calls the account API, and whose account they may touch.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use http::HeaderMap;

use crate::account::HasPerson;
use crate::account::store::{Visit, Whose};
use crate::auth::store::ApiKeyRow;
use crate::auth::{ApiKey, Identity, Scope, bearer};
use crate::kernel::audit::{Action, Actor, Entry};
use crate::kernel::{Timestamp, UserId, mask_email};
use crate::services::Services;
use crate::web::{Access, ApiError, Call, Caller, Incoming};

use crate::account::endpoints::problem::{
    denied, no_account, nobody, not_recent, unauthenticated, unknown_key,
};

/// How the path names whoever calls.
pub const ME: &str = "@me";

/// How long after signing in sensitive actions are free.
const RECENT_FOR: Duration = Duration::from_secs(2 * 60 * 60);
/// How precisely `last_used_at` of an API key is kept.
const LAST_USED_PRECISION: Duration = Duration::from_secs(60 * 60);

/// Somebody with a credential of the right kind. Only the door makes one. Whose account
/// it opens is settled by the one read of the request, see [`AccountCaller::admit`].
#[derive(Debug)]
pub struct AccountCaller {
    pub(crate) bearer: Bearer,
}

/// What the credential is.
#[derive(Debug)]
pub(crate) enum Bearer {
    /// A signed-in person's token, with its subject; staff may have an empty one, which is nobody's.
    Person {
        identity: Identity,
        subject: String,
        is_staff: bool,
    },
    /// The hash of an API key, not yet looked up, and the scope it needs.
    Key { hash: String, scope: Scope },
}

/// What a route of the account API asks of its callers.
#[derive(Debug, Clone, Copy)]
pub struct Requirements {
    /// The scope that lets an API key in; `None`: none does.
    key_scope: Option<Scope>,
    /// Whether a person must have signed in recently.
    is_recent: bool,
}

impl Requirements {
    /// A signed-in person.
    pub const NONE: Self = Self {
        key_scope: None,
        is_recent: false,
    };

    /// A person who signed in recently.
    pub const RECENT: Self = Self {
        key_scope: None,
        is_recent: true,
    };

    /// A signed-in person, or an API key with this scope.
    pub const fn key(scope: Scope) -> Self {
        Self {
            key_scope: Some(scope),
            is_recent: false,
        }
    }
}

impl Caller for AccountCaller {
    const ACCESS: Access = Access::Person;
    type Requirements = Requirements;

    fn authenticate(
        incoming: &mut Incoming,
        requirements: Requirements,
    ) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        async move {
            let services = &incoming.services;
            let headers = &incoming.request.headers;
            let bearer = authenticate(headers, services, requirements.key_scope).await?;
            if let Bearer::Person {
                identity, subject, ..
            } = &bearer
            {
                incoming.log_caller(&name(&bearer, subject));
                if requirements.is_recent && !is_recent(identity, services.now()) {
                    return Err(not_recent());
                }
            }
            Ok(Self { bearer })
        }
        .boxed_local()
    }
}

/// An account that the caller may touch.
#[derive(Debug)]
pub struct Admitted<T> {
    /// What was read of it.
    pub account: T,
    /// Names the caller in the audit trail.
    pub actor: Actor,
    /// Whether it is the caller's own.
    pub is_own: bool,
    /// The API key whose use is to be noted.
    pub stale_key: Option<String>,
}

impl AccountCaller {
    /// Whose account the path means.
    ///
    /// # Errors
    ///
    /// 403 for a person who is no staff and means anybody but `@me`; 404 for what is no id.
    pub fn whose(&self, path: &str) -> Result<Whose, ApiError> {
        if path == ME {
            return Ok(self.own());
        }
        match self.bearer {
            Bearer::Person {
                is_staff: false, ..
            } => Err(denied(
                "As a non-staff user you're only allowed to access the `@me` user instance.",
            )),
            Bearer::Person { .. } => {
                let id = UserId::parse(path).map_err(|_| no_account())?;
                Ok(Whose::User(id))
            }
            // What the key may do comes first. Nobody's id is empty.
            Bearer::Key { .. } => {
                let id = UserId::parse(path).unwrap_or_else(|_| UserId::new(""));
                Ok(Whose::User(id))
            }
        }
    }

    /// The caller's own account, whatever the path says.
    pub fn own(&self) -> Whose {
        match &self.bearer {
            Bearer::Person { subject, .. } => Whose::Subject(subject.clone()),
            Bearer::Key { hash, .. } => Whose::HolderOf(hash.clone()),
        }
    }

    /// The hash of the API key, to be looked up by the one read.
    pub fn key_hash(&self) -> Option<&str> {
        match &self.bearer {
            Bearer::Person { .. } => None,
            Bearer::Key { hash, .. } => Some(hash),
        }
    }

    /// A person's subject.
    pub fn subject(&self) -> Option<&str> {
        match &self.bearer {
            Bearer::Person { subject, .. } => Some(subject),
            Bearer::Key { .. } => None,
        }
    }

    /// Whether a person signed in recently.
    pub fn is_recent(&self, now: Timestamp) -> bool {
        match &self.bearer {
            Bearer::Person { identity, .. } => is_recent(identity, now),
            Bearer::Key { .. } => false,
        }
    }

    /// Whether the token itself says that a second factor was shown (RFC 8176).
    pub fn has_shown_second_factor(&self) -> bool {
        match &self.bearer {
            Bearer::Person { identity, .. } => {
                let proves = |method: &String| matches!(method.as_str(), "mfa" | "otp");
                identity.amr.iter().any(proves)
            }
            Bearer::Key { .. } => false,
        }
    }

    /// Holds what was read against what the caller may see.
    ///
    /// # Errors
    ///
    /// 401 for a key that is none, and for a person who is nobody; 403 for what a key may not do;
    /// 404 where there is no such account.
    pub fn admit<T: HasPerson>(
        &self,
        whose: &Whose,
        visit: Visit<T>,
        now: Timestamp,
    ) -> Result<Admitted<T>, ApiError> {
        match &self.bearer {
            Bearer::Person {
                identity,
                subject,
                is_staff,
            } => {
                let Some(account) = visit.found else {
                    return Err(if *is_staff {
                        no_account()
                    } else {
                        nobody("subject_unknown")
                    });
                };
                let person = account.person();
                let is_own = person.answers_to(subject);
                let actor = if is_own {
                    Actor::person(person.id.as_str())
                } else {
                    staff(identity, subject)
                };
                Ok(Admitted {
                    account,
                    actor,
                    is_own,
                    stale_key: None,
                })
            }
            Bearer::Key { scope, .. } => {
                let key = visit.key.ok_or_else(unknown_key)?;
                let stale_key = may(&key, *scope, whose, now)?;
                let account = visit.found.ok_or_else(|| match key.user_id {
                    // Its user was deleted.
                    Some(_) => unknown_key(),
                    None => no_account(),
                })?;
                let is_own = key.user_id.as_ref() == Some(&account.person().id);
                Ok(Admitted {
                    account,
                    actor: Actor::api_key(&key.id),
                    is_own,
                    stale_key,
                })
            }
        }
    }
}

/// Whether an API key is good for this; tells its id where its use is to be noted.
fn may(
    key: &ApiKeyRow,
    scope: Scope,
    whose: &Whose,
    now: Timestamp,
) -> Result<Option<String>, ApiError> {
    if !key.scopes.iter().any(|held| held == scope.as_str()) {
        let detail = format!("API key missing required scope '{scope}'");
        return Err(denied(detail).because("api_key_scope"));
    }
    match (whose, &key.user_id) {
        (Whose::User(wanted), Some(bound)) if wanted != bound => {
            return Err(denied("You do not have permission to perform this action.")
                .because("api_key_of_another_user"));
        }
        (Whose::User(_), _) | (_, Some(_)) => {}
        (_, None) => return Err(denied("This API key is not bound to a user.")),
    }
    let stale = now.minus(LAST_USED_PRECISION);
    let is_stale = key.last_used_at.is_none_or(|last| last <= stale);
    Ok(is_stale.then(|| key.id.clone()))
}

impl<T> Admitted<T> {
    /// The key to touch, and since when it may have been touched.
    pub fn touch(&self, now: Timestamp) -> Option<(&str, Timestamp)> {
        let stale = now.minus(LAST_USED_PRECISION);
        self.stale_key.as_deref().map(|id| (id, stale))
    }
}

impl<T: HasPerson> Admitted<T> {
    /// Whose account it is.
    pub fn user(&self) -> &UserId {
        &self.account.person().id
    }

    /// An audit row about the account.
    pub fn entry(
        &self,
        call: &Call<AccountCaller>,
        action: Action,
        outcome: impl Into<String>,
        at: Timestamp,
    ) -> Entry {
        Entry {
            at,
            origin: call.origin(self.actor.clone()),
            action,
            subject: self.user().as_str().to_owned(),
            outcome: outcome.into(),
        }
    }
}

impl Call<AccountCaller> {
    /// The path's `{uuid}`.
    pub fn uuid(&self) -> Result<&str, ApiError> {
        self.path("uuid")
    }
}

pub(crate) fn is_recent(identity: &Identity, now: Timestamp) -> bool {
    identity.authenticated_at().is_some_and(|second| {
        let at = Timestamp::from_millis(second.saturating_mul(1000));
        now.since(at) < RECENT_FOR
    })
}

/// A member of staff need not be a user. With some providers the subject is an e-mail too.
pub(crate) fn staff(identity: &Identity, subject: &str) -> Actor {
    let email = identity.email.as_deref().map(mask_email);
    Actor::staff(&email.unwrap_or_else(|| masked(subject)))
}

/// A subject for logs: with some providers it is an e-mail, with others a phone number.
pub(crate) fn masked(subject: &str) -> String {
    if subject.contains('@') {
        return mask_email(subject);
    }
    // Providers tell before a bar how the person signed in, and number people as well.
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

async fn authenticate(
    headers: &HeaderMap,
    services: &Services,
    scope: Option<Scope>,
) -> Result<Bearer, ApiError> {
    let credential = bearer(headers).map_err(|refusal| unauthenticated(refusal.into()))?;
    if credential.starts_with(ApiKey::PREFIX) {
        let key = ApiKey::parse(credential).map_err(|refusal| unauthenticated(refusal.into()))?;
        return match scope {
            Some(scope) => Ok(Bearer::Key {
                hash: key.hash(),
                scope,
            }),
            None => Err(unwelcome(services, &key).await),
        };
    }
    let identity = services.authenticate_person(headers).await;
    let identity = identity.map_err(unauthenticated)?;
    let domains = &services.config.admin_email_domains;
    let is_staff = identity.is_staff || identity.admin_domain(domains).is_ok();
    let subject = match identity.subject.clone() {
        Some(subject) => subject,
        // Support need not be anybody's user, and then their `@me` is nobody.
        None if is_staff => String::new(),
        None => return Err(nobody("subject_missing")),
    };
    Ok(Bearer::Person {
        identity,
        subject,
        is_staff,
    })
}

/// Why an API key does not come in where none does.
async fn unwelcome(services: &Services, key: &ApiKey) -> ApiError {
    let look = async {
        let database = services.database()?;
        Ok::<_, ApiError>(database.api_key(&key.hash()).await?)
    };
    match look.await {
        Err(error) => error,
        Ok(None) => unknown_key(),
        Ok(Some(_)) => denied("This action does not support personal API key access"),
    }
}

/// Names the caller for the log, before it is known whose account it is.
fn name(bearer: &Bearer, subject: &str) -> String {
    match bearer {
        Bearer::Person {
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
