//! What one request or event works with.

use std::cell::{OnceCell, RefCell};
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use http::HeaderMap;

use crate::auth::jwks::JwksCache;
use crate::auth::{
    self, AdminPair, AuthError, Authenticator, Identity, Refusal, Signatures, bearer,
};
use crate::config::Config;
use crate::db::{Database, DatabaseError, Notes};
use crate::kernel::audit::Origin;
use crate::kernel::http_client::HttpClient;
use crate::kernel::{Clock, Random, Sealer, Timestamp, Unicode};
use crate::operators::oidc::{self, Client, DiscoveryCache, Provider};
use crate::operators::{self, Session, SessionToken};
use crate::overview::Overview;
use crate::provisioning;
use crate::provisioning::fanout::RunQueue;
use crate::provisioning::offboarding::RemovalOrder;
use crate::threedeye;
use crate::user_keys::{InstanceName, Throttle};

/// Nothing can be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("CREDENTIALS_KEY is missing or malformed")]
pub struct NoSealingKey;

/// Why a cookie opens no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Refused(#[from] AuthError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// A limit on how often something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Requests of one administrator.
    Admin,
    /// Requests of one person.
    Person,
    /// Failed authentications, and sign-ins to the console, from one address.
    Authentication,
}

impl RateLimit {
    pub const ALL: [Self; 3] = [Self::Admin, Self::Authentication, Self::Person];

    /// The name of the binding.
    pub const fn binding(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN_RATE_LIMITER",
            Self::Authentication => "AUTH_RATE_LIMITER",
            Self::Person => "PERSON_RATE_LIMITER",
        }
    }
}

/// What an event brings along.
pub trait Bindings {
    fn database(&self) -> Result<Database, DatabaseError>;

    /// The queue of planned runs; without it a run stays in one process.
    fn run_queue(&self) -> Option<Rc<dyn RunQueue>>;

    /// Lets work go on after the answer was sent, within the runtime's limits. It may be lost, as with any
    /// crash.
    fn wait_until(&self, work: LocalBoxFuture<'static, ()>);

    fn has_limit(&self, limit: RateLimit) -> bool;

    /// Counts one more for `key`, and tells whether it keeps within the limit. True where
    /// there is no such limit, or it fails: that must not lock everyone out.
    fn within_limit<'a>(&'a self, limit: RateLimit, key: &'a str) -> LocalBoxFuture<'a, bool>;
}

/// The outside world: one implementation on the runtime, one for native tests.
#[derive(Clone)]
pub struct Environment {
    pub bindings: Rc<dyn Bindings>,
    pub clock: Rc<dyn Clock>,
    pub random: Rc<dyn Random>,
    pub http: Rc<dyn HttpClient>,
    pub signatures: Rc<dyn Signatures>,
    pub unicode: Rc<dyn Unicode>,
}

/// What the requests of one isolate share: finished values only. Awaiting a future that
/// another request owns would hang or be cancelled by the runtime, so nothing here is a
/// future or a lock.
#[derive(Default)]
pub struct Shared {
    config: OnceCell<Rc<Config>>,
    keys: RefCell<JwksCache>,
    discovery: RefCell<DiscoveryCache>,
    remote_token: Rc<RefCell<threedeye::TokenCache>>,
    throttle: RefCell<Throttle>,
    overview: RefCell<Option<Overview>>,
}

impl Shared {
    /// The configuration, made once: the environment is the same for every request of an
    /// isolate.
    pub fn config(&self, make: impl FnOnce() -> Config) -> Rc<Config> {
        Rc::clone(self.config.get_or_init(|| Rc::new(make())))
    }
}

/// Everything that one request or event works with.
pub struct Services {
    pub config: Rc<Config>,
    pub clock: Rc<dyn Clock>,
    pub random: Rc<dyn Random>,
    environment: Environment,
    shared: Rc<Shared>,
    notices: Notes,
}

impl Services {
    pub fn new(config: Rc<Config>, environment: Environment, shared: Rc<Shared>) -> Self {
        Self {
            config,
            clock: Rc::clone(&environment.clock),
            random: Rc::clone(&environment.random),
            environment,
            shared,
            notices: Notes::default(),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn unicode(&self) -> &dyn Unicode {
        &*self.environment.unicode
    }

    pub fn http(&self) -> &dyn HttpClient {
        &*self.environment.http
    }

    pub fn database(&self) -> Result<Database, DatabaseError> {
        let database = self.environment.bindings.database()?;
        Ok(database.noting(&self.notices))
    }

    /// The ids of the notices that were written since it was asked last.
    pub fn take_written_notices(&self) -> Vec<String> {
        self.notices.take()
    }

    /// The queue of planned runs; without it a run stays in one process.
    pub fn run_queue(&self) -> Option<Rc<dyn RunQueue>> {
        self.environment.bindings.run_queue()
    }

    /// Lets work go on after the answer was sent; see [`Bindings::wait_until`].
    pub fn wait_until(&self, work: LocalBoxFuture<'static, ()>) {
        self.environment.bindings.wait_until(work);
    }

    /// 3dEye; `None`: not configured.
    pub fn remote(&self) -> Option<threedeye::Client> {
        self.config.threedeye.clone().map(|config| {
            threedeye::Client::new(
                config,
                Rc::clone(&self.environment.http),
                Rc::clone(&self.clock),
                Rc::clone(&self.random),
                Rc::clone(&self.environment.unicode),
                Rc::clone(&self.shared.remote_token),
            )
        })
    }

    /// Seals values at rest; without `CREDENTIALS_KEY` what needs it is refused.
    pub fn sealer(&self) -> Result<&Sealer, NoSealingKey> {
        self.config.sealer.as_ref().ok_or(NoSealingKey)
    }

    /// What provisioning works with.
    pub fn provisioning<'a>(
        &'a self,
        database: &'a Database,
        origin: &'a Origin,
    ) -> Result<provisioning::Context<'a>, NoSealingKey> {
        Ok(provisioning::Context {
            database,
            clock: &*self.clock,
            random: &*self.random,
            sealer: self.sealer()?,
            origin,
        })
    }

    /// What was read of how the service stands, while it is fresh.
    pub fn recent_overview(&self, now: Timestamp) -> Option<Overview> {
        let kept = self.shared.overview.borrow();
        kept.as_ref().filter(|kept| kept.is_fresh(now)).cloned()
    }

    /// Keeps it for the requests that follow.
    pub fn keep_overview(&self, overview: Overview) {
        *self.shared.overview.borrow_mut() = Some(overview);
    }

    /// On what terms the accounts of deleted users are removed.
    pub fn removals(&self) -> RemovalOrder {
        RemovalOrder {
            limit: self.config.backfill_max_removals,
            wait: self.config.offboard_after,
        }
    }

    /// The limits that are not bound, so that what they count is not limited.
    pub fn missing_limits(&self) -> impl Iterator<Item = RateLimit> {
        let bindings = &self.environment.bindings;
        RateLimit::ALL
            .into_iter()
            .filter(|limit| !bindings.has_limit(*limit))
    }

    /// Whether an administrator keeps within the limit of requests, by their name.
    pub async fn admin_within_limit(&self, name: &str) -> bool {
        let bindings = &self.environment.bindings;
        bindings.within_limit(RateLimit::Admin, name).await
    }

    /// Whether a person keeps within the limit of requests, by the subject of their token.
    pub async fn person_within_limit(&self, subject: &str) -> bool {
        let bindings = &self.environment.bindings;
        bindings.within_limit(RateLimit::Person, subject).await
    }

    /// Whether an address keeps within the limit of failed authentications and sign-ins. Requests to which
    /// the runtime gives no address count as one.
    pub async fn address_within_limit(&self, address: Option<IpAddr>) -> bool {
        let address = address.map_or_else(|| "unknown".to_owned(), network);
        let bindings = &self.environment.bindings;
        bindings
            .within_limit(RateLimit::Authentication, &address)
            .await
    }

    /// Counts a request with the keys of an instance.
    ///
    /// # Errors
    ///
    /// As [`Throttle::admit`] has them.
    pub fn throttle(&self, instance: Option<&InstanceName>, caller: &str) -> Result<(), u64> {
        let now = self.now();
        let mut throttle = self.shared.throttle.borrow_mut();
        throttle.admit(instance, caller, now)
    }

    pub(crate) async fn authenticate_pair(
        &self,
        headers: &HeaderMap,
    ) -> Result<AdminPair, AuthError> {
        let tokens = self.authenticator();
        let admin = auth::authenticate_pair(
            headers,
            &self.config.admin_keys,
            &self.config.admin_email_domains,
            tokens.as_ref(),
        );
        let admin = admin.await;
        self.refresh_keys();
        admin
    }

    /// The session that a request's cookie opens.
    ///
    /// # Errors
    ///
    /// A [`Refusal`], or what the database says.
    pub(crate) async fn authenticate_session(
        &self,
        headers: &HeaderMap,
    ) -> Result<Session, SessionError> {
        let token = SessionToken::of(headers).map_err(AuthError::from)?;
        let token = token.ok_or(AuthError::from(Refusal::CredentialsMissing))?;
        if !self.has_sign_in() {
            return Err(AuthError::from(Refusal::SessionNotAllowed).into());
        }
        let (database, now) = (self.database()?, self.now());
        let session = operators::store::find_session(&database, &token, now).await?;
        let session = session.ok_or(AuthError::from(Refusal::SessionUnknown))?;
        if !self.still_allows(&session) {
            return Err(AuthError::from(Refusal::SessionNotAllowed).into());
        }
        if session.is_to_be_touched(now) {
            let id_hash = session.id_hash().to_owned();
            self.wait_until(Box::pin(async move {
                // The next request notes it where this one cannot.
                let _ = operators::store::touch_session(&database, &id_hash, now).await;
            }));
        }
        Ok(session)
    }

    pub(crate) async fn authenticate_person(
        &self,
        headers: &HeaderMap,
    ) -> Result<Identity, AuthError> {
        let token = bearer(headers)?;
        let tokens = self.authenticator().ok_or(Refusal::TokensNotConfigured)?;
        let identity = tokens.verify(token).await;
        self.refresh_keys();
        identity
    }

    /// Whether people can sign in to the console.
    pub fn has_sign_in(&self) -> bool {
        let config = &self.config;
        config.console.is_some() && config.jwt.is_some() && config.sealer.is_some()
    }

    /// Whether a sign-in to the console counts only with a second factor.
    pub fn requires_second_factor(&self) -> bool {
        let console = self.config.console.as_ref();
        console.is_none_or(|console| console.requires_mfa)
    }

    /// Whether a session could begin by the settings as they are now: they may have become stricter since.
    fn still_allows(&self, session: &Session) -> bool {
        session
            .operator()
            .email
            .is_of(&self.config.admin_email_domains)
            && (session.has_shown_second_factor() || !self.requires_second_factor())
    }

    /// The identity provider, where people sign in to the console; `None`: not configured.
    pub fn provider<'a>(&'a self, redirect_uri: &'a str) -> Option<Provider<'a>> {
        let console = self.config.console.as_ref()?;
        Some(Provider {
            issuer: &self.config.jwt.as_ref()?.issuer,
            client: Client {
                id: &console.client_id,
                secret: &console.client_secret,
                redirect_uri,
            },
            cache: &self.shared.discovery,
            http: &*self.environment.http,
            clock: &*self.clock,
        })
    }

    /// Who the ID token says signed in to the console, in answer to the request with this nonce.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::verify_id_token`] has them.
    pub async fn verify_id_token(&self, token: &str, nonce: &str) -> Result<Identity, AuthError> {
        let (Some(jwt), Some(console)) = (&self.config.jwt, &self.config.console) else {
            return Err(Refusal::TokensNotConfigured.into());
        };
        let policy = oidc::policy(jwt, &console.client_id);
        let tokens = self.authenticator().ok_or(Refusal::TokensNotConfigured)?;
        let tokens = Authenticator {
            policy: &policy,
            ..tokens
        };
        let identity = tokens.verify_id_token(token, nonce).await;
        self.refresh_keys();
        identity
    }

    fn authenticator(&self) -> Option<Authenticator<'_>> {
        authenticator(&self.config, &self.environment, &self.shared)
    }

    /// Keeps the issuer's keys fresh, while no request waits for it.
    fn refresh_keys(&self) {
        let now = self.now();
        if !self.shared.keys.borrow_mut().take_refresh(now) {
            return;
        }
        let (config, shared) = (Rc::clone(&self.config), Rc::clone(&self.shared));
        let environment = self.environment.clone();
        self.wait_until(Box::pin(async move {
            if let Some(tokens) = authenticator(&config, &environment, &shared) {
                tokens.refresh(now).await;
            }
        }));
    }
}

fn authenticator<'a>(
    config: &'a Config,
    environment: &'a Environment,
    shared: &'a Shared,
) -> Option<Authenticator<'a>> {
    Some(Authenticator {
        policy: config.jwt.as_ref()?,
        cache: &shared.keys,
        http: &*environment.http,
        signatures: &*environment.signatures,
        clock: &*environment.clock,
    })
}

/// What is counted as one address: of IPv6 the /64, because that is the least that one client is given.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & (u128::MAX << 64);
            format!("{}/64", Ipv6Addr::from(prefix))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn a_client_with_a_whole_ipv6_network_counts_as_one_address() {
        for (address, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(network(address.parse().unwrap()), expected, "{address}");
        }
    }
}
