//! Who calls: values that only authentication can make.
//!
//! A handler takes the kind of caller it serves as an argument, so there is no
//! way to reach it past authentication, and no flag to forget.

use http::HeaderMap;

use crate::auth;
use crate::auth::admin_key::{ADMIN_KEY_HEADER, API_KEY_HEADER};
use crate::auth::{ApiKey, AuthError, Identity, Refusal};
use crate::kernel::audit::Actor;
use crate::kernel::mask_email;

use crate::services::Services;

/// Anybody at all.
#[derive(Debug, Clone, Copy)]
pub struct Anyone(());

impl Anyone {
    /// Asks for nothing.
    pub(crate) const fn authenticate() -> Self {
        Self(())
    }
}

/// A holder of the admin pair.
#[derive(Debug, Clone)]
pub struct Admin(auth::Admin);

impl Admin {
    /// Asks for the admin pair. No D1 call, no call to 3dEye.
    pub(crate) async fn authenticate(
        headers: &HeaderMap,
        services: &Services,
    ) -> Result<Self, AuthError> {
        services.authenticate_admin(headers).await.map(Self)
    }

    /// Names the caller in the audit trail and for rate limits.
    pub fn actor(&self) -> Actor {
        let email = self.0.identity.email.as_deref().unwrap_or_default();
        Actor::admin(self.0.key.fingerprint(), &mask_email(email))
    }
}

/// Whoever may ask for one user's credentials. Whether for *this* user is
/// settled by the one read that loads the user.
#[derive(Debug)]
pub enum UserCaller {
    /// A holder of the admin pair: every user's.
    Admin(Admin),
    /// A signed-in person: their own.
    Person(Identity),
    /// An API key, not yet looked up.
    Key(ApiKey),
}

impl UserCaller {
    /// Asks for one of the three. A header that carries an admin key, or an
    /// API key that is none of ours, means the admin pair.
    pub(crate) async fn authenticate(
        headers: &HeaderMap,
        services: &Services,
    ) -> Result<Self, AuthError> {
        if headers.contains_key(ADMIN_KEY_HEADER) {
            return Admin::authenticate(headers, services)
                .await
                .map(Self::Admin);
        }
        if headers.contains_key(API_KEY_HEADER) {
            return match presented_key(headers) {
                Ok(key) => Ok(Self::Key(key)),
                Err(_) => Admin::authenticate(headers, services)
                    .await
                    .map(Self::Admin),
            };
        }
        let identity = services.authenticate_person(headers).await?;
        Ok(Self::Person(identity))
    }
}

fn presented_key(headers: &HeaderMap) -> Result<ApiKey, Refusal> {
    let mut values = headers.get_all(API_KEY_HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Refusal::AdminKeyRepeated);
    };
    let text = value.to_str().map_err(|_| Refusal::AdminKeyMalformed)?;
    ApiKey::parse(text)
}
