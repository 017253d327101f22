//! Who calls: values that only authentication can make.
//!
//! A handler takes the kind of caller that it serves as an argument, so there is no way to
//! reach it past authentication, and no flag to forget.

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use http::HeaderMap;
use http::header::AUTHORIZATION;

#[cfg(test)]
use super::openapi::{ErrorAnswer, errors};
use super::request::{Call, Incoming};
use super::{ApiError, ErrorFormat, cross_site};
use crate::auth::admin_key::{ADMIN_KEY_HEADER, API_KEY_HEADER};
use crate::auth::{AdminPair, ApiKey, AuthError, Identity, SignIn};
use crate::kernel::audit::{Action, Entry};
use crate::operators::Role;
use crate::operators::session::{SESSION_COOKIE, cookie};
pub use crate::operators::{Admin, Session};
use crate::services::Services;

/// A kind of caller.
pub trait Caller: Sized + 'static {
    /// What a route asks of its callers, beyond their kind.
    type Requirements: 'static;

    /// Authenticates the caller of a request.
    fn authenticate(
        incoming: &mut Incoming,
        requirements: Self::Requirements,
    ) -> LocalBoxFuture<'_, Result<Self, ApiError>>;

    #[cfg(test)]
    fn describe(requirements: Self::Requirements) -> CallerDescription;
}

/// What every operation of a kind of caller has in common, for `openapi.json`.
#[cfg(test)]
pub struct CallerDescription {
    /// Which security schemes go together; any of the sets will do.
    pub security: Vec<Vec<&'static str>>,
    pub errors: Vec<ErrorAnswer>,
    /// Where a body is read as well; they take the place of `errors` of the same status.
    pub body_errors: Vec<ErrorAnswer>,
    /// Of administrators: the least role, and when they must have signed in.
    pub least_role: Option<(Role, SignIn)>,
}

#[cfg(test)]
pub const ADMIN_PAIR: [&str; 2] = ["adminKey", "adminToken"];

#[cfg(test)]
impl CallerDescription {
    /// For a caller who shows a token, where errors are written as for administrators.
    pub fn authenticated(security: &[&[&'static str]]) -> Self {
        Self {
            security: security.iter().map(|schemes| schemes.to_vec()).collect(),
            errors: vec![
                errors::bad_request(),
                errors::unauthorized(),
                errors::forbidden(),
                errors::too_large(),
                errors::too_many(),
                errors::internal(),
                errors::keys_unavailable(),
            ],
            body_errors: vec![errors::not_json()],
            least_role: None,
        }
    }
}

/// A caller without credentials.
#[derive(Debug, Clone, Copy)]
pub struct Anyone(());

impl Caller for Anyone {
    type Requirements = ();

    fn authenticate(_: &mut Incoming, (): ()) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        Box::pin(std::future::ready(Ok(Self(()))))
    }

    #[cfg(test)]
    fn describe((): ()) -> CallerDescription {
        CallerDescription {
            security: Vec::new(),
            errors: vec![errors::too_large()],
            body_errors: Vec::new(),
            least_role: None,
        }
    }
}

/// Which proof a request offers: a credential in a header, or else a cookie. Never both: a page that could
/// add a header would choose between its own rights and those of the person before it.
fn has_credentials(headers: &HeaderMap) -> bool {
    [ADMIN_KEY_HEADER, API_KEY_HEADER, AUTHORIZATION]
        .iter()
        .any(|name| headers.contains_key(name))
}

fn has_session(headers: &HeaderMap) -> bool {
    !matches!(cookie(headers, SESSION_COOKIE), Ok(None))
}

impl Caller for Admin {
    type Requirements = (Role, SignIn);

    /// No call of the database or 3dEye comes before a pair was checked. For a session there is one, which
    /// finds it.
    fn authenticate(
        incoming: &mut Incoming,
        (role, sign_in): (Role, SignIn),
    ) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        async move {
            let services = &incoming.services;
            let headers = &incoming.request.headers;
            let admin = if has_credentials(headers) || !has_session(headers) {
                Self::Pair(services.authenticate_pair(headers).await?)
            } else {
                cross_site::check(&incoming.request)?;
                Self::Operator(services.authenticate_session(headers).await?)
            };
            incoming.log_caller(admin.actor().as_str());
            if !services.admin_within_limit(admin.name()).await {
                return Err(ErrorFormat::Admin.too_many());
            }
            admin.require(role, sign_in, services.now())?;
            Ok(admin)
        }
        .boxed_local()
    }

    #[cfg(test)]
    fn describe((role, sign_in): (Role, SignIn)) -> CallerDescription {
        let mut description = CallerDescription::authenticated(&[&ADMIN_PAIR, &["consoleSession"]]);
        // The last one of a status counts.
        description.errors.push(errors::admin_unauthorized());
        description.errors.push(errors::admin_forbidden());
        description.least_role = Some((role, sign_in));
        description
    }
}

impl Caller for Session {
    type Requirements = ();

    fn authenticate(incoming: &mut Incoming, (): ()) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        async move {
            let services = &incoming.services;
            let headers = &incoming.request.headers;
            if !services.has_sign_in() {
                return Err(ApiError::sign_in_not_configured());
            }
            if has_credentials(headers) {
                return Err(ApiError::unauthorized("credentials_beside_session"));
            }
            if has_session(headers) {
                cross_site::check(&incoming.request)?;
            }
            let session = services.authenticate_session(headers).await?;
            incoming.log_caller(session.operator().actor().as_str());
            if services.admin_within_limit(&session.operator().id).await {
                Ok(session)
            } else {
                Err(ErrorFormat::Admin.too_many())
            }
        }
        .boxed_local()
    }

    #[cfg(test)]
    fn describe((): ()) -> CallerDescription {
        let mut description = CallerDescription::authenticated(&[&["consoleSession"]]);
        // The last one of a status counts, and no token is verified.
        description.errors.push(errors::sign_in_not_configured());
        description.errors.push(errors::admin_forbidden());
        description
    }
}

impl<const READS_BODY: bool> Call<Admin, READS_BODY> {
    /// Checks what an act takes that the route does not ask of every caller.
    ///
    /// # Errors
    ///
    /// 403; 401 where the console can ask for the sign-in.
    pub fn require(&self, role: Role, sign_in: SignIn) -> Result<(), ApiError> {
        Ok(self.caller.require(role, sign_in, self.now())?)
    }

    /// The row of the audit trail for a change that this caller makes now.
    pub fn entry(
        &self,
        action: Action,
        subject: impl Into<String>,
        outcome: impl Into<String>,
    ) -> Entry {
        Entry {
            at: self.now(),
            origin: self.origin(self.caller.actor()),
            action,
            subject: subject.into(),
            outcome: outcome.into(),
        }
    }
}

impl Call<Session> {
    /// The row of the audit trail for what the operator does now to their own sessions.
    pub fn entry(&self, action: Action, outcome: impl Into<String>) -> Entry {
        let operator = self.caller.operator();
        Entry {
            at: self.now(),
            origin: self.origin(operator.actor()),
            action,
            subject: operator.id.clone(),
            outcome: outcome.into(),
        }
    }
}

/// A caller who may ask for one user's credentials. Whether for *this* user is settled by the
/// one read that loads the user.
#[derive(Debug)]
pub enum UserCaller {
    /// A holder of the admin pair: every user's.
    Admin(AdminPair),
    /// A signed-in person: their own.
    Person(Identity),
    /// An API key, not yet looked up.
    Key(ApiKey),
}

impl UserCaller {
    /// A header that carries an admin key, or an API key of another form than ours, means the
    /// admin pair.
    async fn of(headers: &HeaderMap, services: &Services) -> Result<Self, AuthError> {
        let has_admin_key = headers.contains_key(ADMIN_KEY_HEADER);
        if !has_admin_key && !headers.contains_key(API_KEY_HEADER) {
            let identity = services.authenticate_person(headers).await?;
            return Ok(Self::Person(identity));
        }
        match presented_key(headers) {
            Some(key) if !has_admin_key => Ok(Self::Key(key)),
            _ => services.authenticate_pair(headers).await.map(Self::Admin),
        }
    }
}

impl Caller for UserCaller {
    type Requirements = ();

    fn authenticate(incoming: &mut Incoming, (): ()) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        async move {
            let services = &incoming.services;
            let caller = Self::of(&incoming.request.headers, services).await?;
            let within_limit = match &caller {
                Self::Admin(admin) => {
                    incoming.log_caller(admin.actor().as_str());
                    services.admin_within_limit(admin.name()).await
                }
                Self::Person(identity) => {
                    let subject = identity.subject.as_deref();
                    services
                        .person_within_limit(subject.unwrap_or_default())
                        .await
                }
                // Its caller is not known yet.
                Self::Key(_) => true,
            };
            if within_limit {
                Ok(caller)
            } else {
                Err(ErrorFormat::Admin.too_many())
            }
        }
        .boxed_local()
    }

    #[cfg(test)]
    fn describe((): ()) -> CallerDescription {
        CallerDescription::authenticated(&[&["personToken"], &["apiKey"], &ADMIN_PAIR])
    }
}

/// The one API key of ours in `X-API-Key`.
pub fn presented_key(headers: &HeaderMap) -> Option<ApiKey> {
    let mut values = headers.get_all(API_KEY_HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    ApiKey::parse(value.to_str().ok()?).ok()
}
