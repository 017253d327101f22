//! One request to the account API, up to its handler and past it.

use axum::body::Body;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

use crate::auth::{ApiKey, Scope, bearer};
use crate::kernel::Clock as _;
use crate::services::Services;
use crate::web::address::client_address;
use crate::web::dispatch;
use crate::web::dispatch::{Context, Trace};
use crate::web::route::Answer;
use crate::web::surface::Surface;
use crate::web::{ApiError, Call, Reply, Route};

use crate::account::endpoints::AccountCaller;
use crate::account::endpoints::caller::{Bearer, is_recent, masked, staff};
use crate::account::endpoints::problem::{
    denied, nobody, not_recent, unauthenticated, unknown_key,
};

/// Where a request to the account API comes in.
#[derive(Clone, Copy)]
pub struct Door {
    /// The scope that lets an API key in; `None`: none does.
    pub key: Option<Scope>,
    /// Whether only a person who signed in recently may come in.
    pub is_sensitive: bool,
    /// Whether it is a GET that changes things all the same, so that no HEAD must do it.
    pub is_unsafe_get: bool,
    /// What then happens.
    pub handle: fn(Call<AccountCaller>) -> Answer,
}

impl Door {
    /// For signed-in people.
    pub const fn people(handle: fn(Call<AccountCaller>) -> Answer) -> Self {
        Self {
            key: None,
            is_sensitive: false,
            is_unsafe_get: false,
            handle,
        }
    }

    /// For signed-in people and API keys with a scope.
    pub const fn keys(scope: Scope, handle: fn(Call<AccountCaller>) -> Answer) -> Self {
        Self {
            key: Some(scope),
            ..Self::people(handle)
        }
    }

    /// For people who signed in recently.
    pub const fn sensitive(handle: fn(Call<AccountCaller>) -> Answer) -> Self {
        Self {
            is_sensitive: true,
            ..Self::people(handle)
        }
    }

    /// Takes a request through.
    pub(crate) async fn serve(
        self,
        route: &'static Route,
        mut parts: Parts,
        body: Body,
        context: &Context,
        trace: &mut Trace,
    ) -> Result<Reply, ApiError> {
        if self.is_unsafe_get && parts.method == Method::HEAD {
            let error = Surface::Account.unknown_method(&parts.method);
            return Err(ApiError {
                allow: Some("GET"),
                ..error
            });
        }
        // Some handlers find out only by their read that a credential is nobody's, and take the headers.
        let address = client_address(&parts.headers);
        let answer = self.admit(&mut parts, body, context, trace).await;
        match answer {
            Err(error) if error.status == StatusCode::UNAUTHORIZED => {
                let free = context.services.address_within_limit(address).await;
                Err(if free {
                    error
                } else {
                    route.surface.too_many()
                })
            }
            answer => answer,
        }
    }

    async fn admit(
        self,
        parts: &mut Parts,
        body: Body,
        context: &Context,
        trace: &mut Trace,
    ) -> Result<Reply, ApiError> {
        let services = &context.services;
        let bearer = authenticate(&parts.headers, services, self.key).await?;
        if let Bearer::Person {
            identity, subject, ..
        } = &bearer
        {
            trace.caller = Some(name(&bearer, subject));
            if self.is_sensitive && !is_recent(identity, services.clock.now()) {
                return Err(not_recent());
            }
        }
        let caller = AccountCaller { bearer };
        let call = dispatch::call(caller, parts, body, context).await?;
        (self.handle)(call).await
    }
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
