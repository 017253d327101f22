//! A signed-in person: their own account, and others' for staff.

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use http::HeaderMap;

use crate::account::Account;
#[cfg(test)]
use crate::account::endpoints::openapi;
use crate::account::store::{AccountSelector, read_api_key};
use crate::auth::admin_key::ADMIN_KEY_HEADER;
use crate::auth::{AdminPair, ApiKey, AuthError, Identity, bearer};
use crate::kernel::audit::Actor;
use crate::kernel::{UserId, mask_email};
use crate::services::Services;
#[cfg(test)]
use crate::web::caller::CallerDescription;
use crate::web::{ApiError, Caller, ErrorFormat, Incoming};

use crate::account::endpoints::caller::AuthorizedAccount;
use crate::account::endpoints::error::{
    denied, invalid_api_key, invalid_token, no_account, not_recent, unauthenticated,
};

/// The caller's own account, in a path.
pub const ME: &str = "@me";

/// A signed-in person. Which accounts they have access to shows with the one read of the request, see
/// [`PersonCaller::authorize`].
#[derive(Debug)]
pub struct PersonCaller {
    identity: Identity,
    /// The token's subject. Staff may have an empty one, which selects no account.
    subject: String,
    privilege: Privilege,
    access: Access,
    is_recent: bool,
}

/// What a person may do with other people's accounts.
#[derive(Debug)]
enum Privilege {
    None,
    /// The issuer calls them staff.
    Read,
    /// They hold the admin pair.
    Change(AdminPair),
}

/// What a route does with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Change,
    /// A change that takes a recent sign-in, also of one's own account.
    Sensitive,
}

impl Caller for PersonCaller {
    type Requirements = Access;

    fn authenticate(
        incoming: &mut Incoming,
        access: Access,
    ) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        async move {
            let services = &incoming.services;
            if let Some(key) = presented_key(&incoming.request.headers)? {
                return Err(refuse_key(services, &key).await);
            }
            Self::of(incoming, access).await
        }
        .boxed_local()
    }

    #[cfg(test)]
    fn describe(_: Access) -> CallerDescription {
        openapi::caller(vec![vec!["personToken"], vec!["adminKey", "adminToken"]])
    }
}

impl PersonCaller {
    /// The person whose token a request carries.
    pub(super) async fn of(incoming: &Incoming, access: Access) -> Result<Self, ApiError> {
        let services = &incoming.services;
        let headers = &incoming.request.headers;
        let (identity, admin) = if headers.contains_key(ADMIN_KEY_HEADER) {
            let admin = services.authenticate_pair(headers).await;
            let admin = admin.map_err(unauthenticated)?;
            (admin.identity().clone(), Some(admin))
        } else {
            let identity = services.authenticate_person(headers).await;
            (identity.map_err(unauthenticated)?, None)
        };
        let privilege = match admin {
            _ if identity.is_machine => Privilege::None,
            Some(admin) => Privilege::Change(admin),
            None if identity.is_staff => Privilege::Read,
            None => Privilege::None,
        };
        let subject = match (&identity.subject, &privilege) {
            (Some(subject), _) => subject.clone(),
            (None, Privilege::None) => return Err(invalid_token("subject_missing")),
            // Staff need not have an account; then `@me` selects none.
            (None, _) => String::new(),
        };
        let caller = Self {
            is_recent: identity.is_recent(services.now()),
            identity,
            subject,
            privilege,
            access,
        };
        incoming.log_caller(&caller.name());
        let within_limit = match &caller.privilege {
            Privilege::Change(admin) => services.admin_within_limit(admin.name()).await,
            _ => services.person_within_limit(&caller.subject).await,
        };
        if !within_limit {
            return Err(ErrorFormat::Account.too_many());
        }
        if access == Access::Sensitive && !caller.is_recent {
            return Err(not_recent());
        }
        Ok(caller)
    }

    /// The account that the path means.
    ///
    /// # Errors
    ///
    /// 403 for a person who is not staff and means another account than `@me`; 404 for a malformed id.
    pub fn select(&self, path: &str) -> Result<AccountSelector, ApiError> {
        if path == ME {
            return Ok(self.own());
        }
        if matches!(self.privilege, Privilege::None) {
            let detail =
                "As a non-staff user you're only allowed to access the `@me` user instance.";
            return Err(denied(detail));
        }
        let id = UserId::parse(path).map_err(|_| no_account())?;
        Ok(AccountSelector::User(id))
    }

    /// The caller's own account, whatever the path says.
    pub fn own(&self) -> AccountSelector {
        AccountSelector::Subject(self.subject.clone())
    }

    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub const fn is_recent(&self) -> bool {
        self.is_recent
    }

    /// Whether the token itself says that a second factor was shown (RFC 8176).
    pub fn has_shown_second_factor(&self) -> bool {
        self.identity.has_shown_second_factor()
    }

    /// Checks that there is an account to which the caller has the access that the route needs.
    ///
    /// # Errors
    ///
    /// 401 for a person without an account; 404 where staff mean one that does not exist; 403 where they may
    /// not change it.
    pub fn authorize<T>(
        &self,
        account: Option<Account<T>>,
    ) -> Result<AuthorizedAccount<T>, ApiError> {
        let Some(Account { person, details }) = account else {
            return Err(match self.privilege {
                Privilege::None => invalid_token("subject_unknown"),
                Privilege::Read | Privilege::Change(_) => no_account(),
            });
        };
        let is_own = person.is_subject(&self.subject);
        let actor = if is_own {
            Actor::person(person.id.as_str())
        } else {
            self.check_access_to_others()?;
            self.staff()
        };
        Ok(AuthorizedAccount {
            person,
            details,
            actor,
            is_own,
            api_key: None,
        })
    }

    fn check_access_to_others(&self) -> Result<(), ApiError> {
        match (self.access, &self.privilege) {
            (Access::Read, Privilege::Read | Privilege::Change(_)) => Ok(()),
            (_, Privilege::Change(_)) if self.is_recent => Ok(()),
            (_, Privilege::Change(_)) => Err(not_recent()),
            (_, Privilege::Read | Privilege::None) => {
                let detail = "You do not have permission to perform this action.";
                Err(denied(detail).because("admin_pair_missing"))
            }
        }
    }

    /// Staff need not have an account. With some providers the subject is an e-mail address.
    fn staff(&self) -> Actor {
        if let Privilege::Change(admin) = &self.privilege {
            return admin.actor();
        }
        let email = self.identity.verified_email().map(mask_email);
        Actor::staff(&email.unwrap_or_else(|| masked(&self.subject)))
    }

    /// The caller's name for the log, before the account is read.
    fn name(&self) -> String {
        match self.privilege {
            Privilege::None => format!("subject:{}", masked(&self.subject)),
            Privilege::Read | Privilege::Change(_) => self.staff().as_str().to_owned(),
        }
    }
}

/// The API key that a request carries; `None`: its credentials are no API key.
pub(super) fn presented_key(headers: &HeaderMap) -> Result<Option<ApiKey>, ApiError> {
    let refused = |refusal| unauthenticated(AuthError::from(refusal));
    let credential = bearer(headers).map_err(refused)?;
    if !credential.starts_with(ApiKey::PREFIX) {
        return Ok(None);
    }
    ApiKey::parse(credential).map(Some).map_err(refused)
}

/// The refusal of an API key where none is accepted.
async fn refuse_key(services: &Services, key: &ApiKey) -> ApiError {
    let lookup = async {
        let database = services.database()?;
        Ok::<_, ApiError>(read_api_key(&database, &key.presented(services.now())).await?)
    };
    match lookup.await {
        Err(error) => error,
        Ok(None) => invalid_api_key(),
        Ok(Some(_)) => denied("This action does not support personal API key access"),
    }
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
