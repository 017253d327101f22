//! A signed-in person: their own account, and any account for staff.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use http::HeaderMap;

use crate::account::Account;
#[cfg(test)]
use crate::account::endpoints::openapi;
use crate::account::store::{AccountSelector, read_api_key};
use crate::auth::{ApiKey, AuthError, Identity, bearer};
use crate::kernel::audit::Actor;
use crate::kernel::{Timestamp, UserId, mask_email};
use crate::services::Services;
#[cfg(test)]
use crate::web::caller::CallerDescription;
use crate::web::{ApiError, Caller, Incoming};

use crate::account::endpoints::caller::AuthorizedAccount;
use crate::account::endpoints::error::{
    denied, invalid_api_key, invalid_token, no_account, not_recent, unauthenticated,
};

/// The caller's own account, in a path.
pub const ME: &str = "@me";

/// How long a sign-in counts as recent.
const RECENT_SIGN_IN: Duration = Duration::from_secs(2 * 60 * 60);

/// A signed-in person. Which accounts they have access to shows with the one read of the request, see
/// [`PersonCaller::authorize`].
#[derive(Debug)]
pub struct PersonCaller {
    identity: Identity,
    /// The token's subject. Staff may have an empty one, which selects no account.
    subject: String,
    is_staff: bool,
}

/// When a person must have signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    AnyTime,
    Recently,
}

impl Caller for PersonCaller {
    type Requirements = SignIn;

    fn authenticate(
        incoming: &mut Incoming,
        sign_in: SignIn,
    ) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        async move {
            let services = &incoming.services;
            if let Some(key) = presented_key(&incoming.request.headers)? {
                return Err(refuse_key(services, &key).await);
            }
            let caller = Self::of(incoming).await?;
            if sign_in == SignIn::Recently && !caller.is_recent(services.now()) {
                return Err(not_recent());
            }
            Ok(caller)
        }
        .boxed_local()
    }

    #[cfg(test)]
    fn describe(_: SignIn) -> CallerDescription {
        openapi::caller(vec![vec!["personToken"]])
    }
}

impl PersonCaller {
    /// The person whose token a request carries.
    pub(super) async fn of(incoming: &Incoming) -> Result<Self, ApiError> {
        let services = &incoming.services;
        let identity = services.authenticate_person(&incoming.request.headers);
        let identity = identity.await.map_err(unauthenticated)?;
        let domains = &services.config.admin_email_domains;
        let is_staff = identity.is_staff || identity.admin_domain(domains).is_ok();
        let subject = match identity.subject.clone() {
            Some(subject) => subject,
            // Staff need not have an account; then `@me` selects none.
            None if is_staff => String::new(),
            None => return Err(invalid_token("subject_missing")),
        };
        let caller = Self {
            identity,
            subject,
            is_staff,
        };
        incoming.log_caller(&caller.name());
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
        if !self.is_staff {
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

    pub fn is_recent(&self, now: Timestamp) -> bool {
        self.identity.authenticated_at().is_some_and(|second| {
            let at = Timestamp::from_millis(second.saturating_mul(1000));
            now.since(at) < RECENT_SIGN_IN
        })
    }

    /// Whether the token itself says that a second factor was shown (RFC 8176).
    pub fn has_shown_second_factor(&self) -> bool {
        let proves = |method: &String| matches!(method.as_str(), "mfa" | "otp");
        self.identity.amr.iter().any(proves)
    }

    /// Checks that there is an account to which the caller has access.
    ///
    /// # Errors
    ///
    /// 401 for a person without an account; 404 where staff mean one that does not exist.
    pub fn authorize<T>(
        &self,
        account: Option<Account<T>>,
    ) -> Result<AuthorizedAccount<T>, ApiError> {
        let Some(Account { person, details }) = account else {
            return Err(if self.is_staff {
                no_account()
            } else {
                invalid_token("subject_unknown")
            });
        };
        let is_own = person.is_subject(&self.subject);
        let actor = if is_own {
            Actor::person(person.id.as_str())
        } else {
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

    /// Staff need not have an account. With some providers the subject is an e-mail address.
    fn staff(&self) -> Actor {
        let email = self.identity.email.as_deref().map(mask_email);
        Actor::staff(&email.unwrap_or_else(|| masked(&self.subject)))
    }

    /// The caller's name for the log, before the account is read.
    fn name(&self) -> String {
        if self.is_staff {
            self.staff().as_str().to_owned()
        } else {
            format!("subject:{}", masked(&self.subject))
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
