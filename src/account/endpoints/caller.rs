//! Callers of routes that also take API keys, and the account that a caller has access to.

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

#[cfg(test)]
use crate::account::endpoints::openapi;
use crate::account::store::{AccountLookup, AccountSelector};
use crate::account::{AuditContext, Person};
use crate::auth::store::ApiKeyRow;
use crate::auth::{PresentedKey, Scope};
use crate::kernel::audit::Actor;
use crate::kernel::{Timestamp, UserId};
#[cfg(test)]
use crate::web::caller::CallerDescription;
use crate::web::{ApiError, Call, Caller, Incoming};

use crate::account::endpoints::error::{denied, invalid_api_key, no_account};
use crate::account::endpoints::person_caller::{Access, ME, PersonCaller, presented_key};

/// A signed-in person or an API key. Which accounts it gives access to shows with the one read of the
/// request, see [`AccountCaller::authorize`].
#[derive(Debug)]
pub enum AccountCaller {
    Person(Box<PersonCaller>),
    /// An API key, not yet looked up, and the scope that the route requires.
    Key {
        key: PresentedKey,
        scope: Scope,
    },
}

impl Caller for AccountCaller {
    /// The scope with which API keys are accepted, and what the route does with the account.
    type Requirements = (Scope, Access);

    fn authenticate(
        incoming: &mut Incoming,
        (scope, access): (Scope, Access),
    ) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        async move {
            match presented_key(&incoming.request.headers)? {
                Some(key) => Ok(Self::Key {
                    key: key.presented(incoming.services.now()),
                    scope,
                }),
                None => {
                    let person = PersonCaller::of(incoming, access).await?;
                    Ok(Self::Person(Box::new(person)))
                }
            }
        }
        .boxed_local()
    }

    #[cfg(test)]
    fn describe(_: Self::Requirements) -> CallerDescription {
        openapi::caller(vec![
            vec!["personToken"],
            vec!["personKey"],
            vec!["adminKey", "adminToken"],
        ])
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
    /// The API key by which the caller came.
    pub api_key: Option<ApiKeyRow>,
}

impl AccountCaller {
    /// The account that the path means.
    ///
    /// # Errors
    ///
    /// As [`PersonCaller::select`].
    pub fn select(&self, path: &str) -> Result<AccountSelector, ApiError> {
        match self {
            Self::Person(person) => person.select(path),
            Self::Key { .. } if path == ME => Ok(self.own()),
            // An empty id selects no account, so that the key is checked before the 404.
            Self::Key { .. } => {
                let id = UserId::parse(path).unwrap_or_else(|_| UserId::new(""));
                Ok(AccountSelector::User(id))
            }
        }
    }

    /// The caller's own account, whatever the path says.
    pub fn own(&self) -> AccountSelector {
        match self {
            Self::Person(person) => person.own(),
            Self::Key { key, .. } => AccountSelector::KeyHolder(key.hash.clone()),
        }
    }

    /// The API key, which the one read looks up.
    pub fn api_key(&self) -> Option<&PresentedKey> {
        match self {
            Self::Person(_) => None,
            Self::Key { key, .. } => Some(key),
        }
    }

    /// Checks that the caller has access to the account that was read.
    ///
    /// # Errors
    ///
    /// As [`PersonCaller::authorize`]; 401 for an unknown key, 403 for what the key may not do, 404 where
    /// there is no such account.
    pub fn authorize<T>(
        &self,
        selector: &AccountSelector,
        lookup: AccountLookup<T>,
    ) -> Result<AuthorizedAccount<T>, ApiError> {
        let scope = match self {
            Self::Person(person) => return person.authorize(lookup.account),
            Self::Key { scope, .. } => *scope,
        };
        let key = lookup.api_key.ok_or_else(invalid_api_key)?;
        check_key(&key, scope, selector)?;
        let account = lookup.account.ok_or_else(|| match key.user_id {
            // Its user was deleted.
            Some(_) => invalid_api_key(),
            None => no_account(),
        })?;
        Ok(AuthorizedAccount {
            is_own: key.user_id.as_ref() == Some(&account.person.id),
            person: account.person,
            details: account.details,
            actor: Actor::api_key(&key.id),
            api_key: Some(key),
        })
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

impl<T> AuthorizedAccount<T> {
    pub fn user(&self) -> &UserId {
        &self.person.id
    }

    /// What the audit rows of the request have in common.
    pub fn audit<C>(&self, call: &Call<C>, now: Timestamp) -> AuditContext {
        AuditContext {
            user: self.user().clone(),
            origin: call.origin(self.actor.clone()),
            at: now,
        }
    }
}
