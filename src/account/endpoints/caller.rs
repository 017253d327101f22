//! Callers of the account API, and the accounts that they have access to.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

#[cfg(test)]
use crate::account::endpoints::error_answers;
use crate::account::store::{AccountLookup, AccountSelector, ApiKeyUse};
use crate::account::{Account, AuditContext, Person};
use crate::auth::Scope;
use crate::auth::store::ApiKeyRow;
use crate::kernel::audit::Actor;
use crate::kernel::{Timestamp, UserId};
#[cfg(test)]
use crate::web::caller::CallerDescription;
use crate::web::{ApiError, Call, Caller, Incoming};

use crate::account::endpoints::credential::{Credential, authenticate, is_recent, name, staff};
use crate::account::endpoints::problem::{
    denied, invalid_api_key, invalid_token, no_account, not_recent,
};

/// The caller's own account, in a path.
pub const ME: &str = "@me";

/// How precisely `last_used_at` of an API key is kept.
const LAST_USED_PRECISION: Duration = Duration::from_secs(60 * 60);

/// A caller with a credential of the right kind. Which accounts it gives access to shows with the one read
/// of the request, see [`AccountCaller::authorize`].
#[derive(Debug)]
pub struct AccountCaller {
    pub(crate) credential: Credential,
}

/// What a route of the account API requires of its callers.
#[derive(Debug, Clone, Copy)]
pub struct Requirements {
    /// The scope with which API keys are accepted; `None`: they are not.
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
    type Requirements = Requirements;

    fn authenticate(
        incoming: &mut Incoming,
        requirements: Requirements,
    ) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        async move {
            let services = &incoming.services;
            let headers = &incoming.request.headers;
            let credential = authenticate(headers, services, requirements.key_scope).await?;
            if let Credential::Person {
                identity, subject, ..
            } = &credential
            {
                incoming.log_caller(&name(&credential, subject));
                if requirements.is_recent && !is_recent(identity, services.now()) {
                    return Err(not_recent());
                }
            }
            Ok(Self { credential })
        }
        .boxed_local()
    }

    #[cfg(test)]
    fn describe(requirements: Requirements) -> CallerDescription {
        let mut security = vec![vec!["personToken"]];
        if requirements.key_scope.is_some() {
            security.push(vec!["personKey"]);
        }
        CallerDescription {
            security,
            errors: error_answers::of_every_caller(),
            body_errors: vec![error_answers::bad_request(), error_answers::not_json()],
        }
    }
}

/// An account that the caller has access to.
#[derive(Debug)]
pub struct AuthorizedAccount<T> {
    pub person: Person,
    /// What else was read of the account.
    pub details: T,
    /// The caller, for the audit trail.
    pub actor: Actor,
    /// Whether the account is the caller's own.
    pub is_own: bool,
    /// The use of the caller's API key, where it is to be noted.
    pub api_key: Option<ApiKeyUse>,
}

impl AccountCaller {
    /// The account that the path means.
    ///
    /// # Errors
    ///
    /// 403 for a person who is not staff and means another account than `@me`; 404 for a malformed id.
    pub fn select(&self, path: &str) -> Result<AccountSelector, ApiError> {
        if path == ME {
            return Ok(self.own());
        }
        match self.credential {
            Credential::Person {
                is_staff: false, ..
            } => Err(denied(
                "As a non-staff user you're only allowed to access the `@me` user instance.",
            )),
            Credential::Person { .. } => {
                let id = UserId::parse(path).map_err(|_| no_account())?;
                Ok(AccountSelector::User(id))
            }
            // An empty id selects no account, so that the key is checked before the 404.
            Credential::Key { .. } => {
                let id = UserId::parse(path).unwrap_or_else(|_| UserId::new(""));
                Ok(AccountSelector::User(id))
            }
        }
    }

    /// The caller's own account, whatever the path says.
    pub fn own(&self) -> AccountSelector {
        match &self.credential {
            Credential::Person { subject, .. } => AccountSelector::Subject(subject.clone()),
            Credential::Key { hash, .. } => AccountSelector::KeyHolder(hash.clone()),
        }
    }

    /// The hash of the API key, which the one read looks up.
    pub fn key_hash(&self) -> Option<&str> {
        match &self.credential {
            Credential::Person { .. } => None,
            Credential::Key { hash, .. } => Some(hash),
        }
    }

    /// A person's subject.
    pub fn subject(&self) -> Option<&str> {
        match &self.credential {
            Credential::Person { subject, .. } => Some(subject),
            Credential::Key { .. } => None,
        }
    }

    /// Whether a person signed in recently.
    pub fn is_recent(&self, now: Timestamp) -> bool {
        match &self.credential {
            Credential::Person { identity, .. } => is_recent(identity, now),
            Credential::Key { .. } => false,
        }
    }

    /// Whether the token itself says that a second factor was shown (RFC 8176).
    pub fn has_shown_second_factor(&self) -> bool {
        match &self.credential {
            Credential::Person { identity, .. } => {
                let proves = |method: &String| matches!(method.as_str(), "mfa" | "otp");
                identity.amr.iter().any(proves)
            }
            Credential::Key { .. } => false,
        }
    }

    /// Checks that the caller has access to the account that was read.
    ///
    /// # Errors
    ///
    /// 401 for an unknown key, and for a person without an account; 403 for what the key may not do;
    /// 404 where there is no such account.
    pub fn authorize<T>(
        &self,
        selector: &AccountSelector,
        lookup: AccountLookup<T>,
        now: Timestamp,
    ) -> Result<AuthorizedAccount<T>, ApiError> {
        match &self.credential {
            Credential::Person {
                identity,
                subject,
                is_staff,
            } => {
                let Some(Account { person, details }) = lookup.account else {
                    return Err(if *is_staff {
                        no_account()
                    } else {
                        invalid_token("subject_unknown")
                    });
                };
                let is_own = person.is_subject(subject);
                let actor = if is_own {
                    Actor::person(person.id.as_str())
                } else {
                    staff(identity, subject)
                };
                Ok(AuthorizedAccount {
                    person,
                    details,
                    actor,
                    is_own,
                    api_key: None,
                })
            }
            Credential::Key { scope, .. } => {
                let key = lookup.api_key.ok_or_else(invalid_api_key)?;
                check_key(&key, *scope, selector)?;
                let account = lookup.account.ok_or_else(|| match key.user_id {
                    // Its user was deleted.
                    Some(_) => invalid_api_key(),
                    None => no_account(),
                })?;
                let is_own = key.user_id.as_ref() == Some(&account.person.id);
                Ok(AuthorizedAccount {
                    person: account.person,
                    details: account.details,
                    actor: Actor::api_key(&key.id),
                    is_own,
                    api_key: unnoted_use(&key, now),
                })
            }
        }
    }
}

/// Checks that an API key has the scope, and access to the account.
fn check_key(key: &ApiKeyRow, scope: Scope, selector: &AccountSelector) -> Result<(), ApiError> {
    if !key.scopes.iter().any(|held| held == scope.as_str()) {
        let detail = format!("API key missing required scope '{scope}'");
        return Err(denied(detail).because("api_key_scope"));
    }
    match (selector, &key.user_id) {
        (AccountSelector::User(wanted), Some(bound)) if wanted != bound => {
            Err(denied("You do not have permission to perform this action.")
                .because("api_key_of_another_user"))
        }
        (AccountSelector::User(_), _) | (_, Some(_)) => Ok(()),
        (_, None) => Err(denied("This API key is not bound to a user.")),
    }
}

/// The use of a key, unless one was noted within [`LAST_USED_PRECISION`].
fn unnoted_use(key: &ApiKeyRow, now: Timestamp) -> Option<ApiKeyUse> {
    let stale = now.minus(LAST_USED_PRECISION);
    let is_stale = key.last_used_at.is_none_or(|last| last <= stale);
    is_stale.then(|| ApiKeyUse {
        key: key.id.clone(),
        at: now,
        unless_after: stale,
    })
}

impl<T> AuthorizedAccount<T> {
    pub fn user(&self) -> &UserId {
        &self.person.id
    }

    /// What the audit rows of the request have in common.
    pub fn audit(&self, call: &Call<AccountCaller>, now: Timestamp) -> AuditContext {
        AuditContext {
            user: self.user().clone(),
            origin: call.origin(self.actor.clone()),
            at: now,
        }
    }
}

impl Call<AccountCaller> {
    /// The path's `{uuid}`.
    pub fn uuid(&self) -> Result<&str, ApiError> {
        self.path("uuid")
    }
}
