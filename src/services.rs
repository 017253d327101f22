//! What one request or event works with.

use std::cell::{OnceCell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use http::HeaderMap;

use crate::auth::jwks::JwksCache;
use crate::auth::{self, Admin, AuthError, Authenticator, Identity, Refusal, Signatures, bearer};
use crate::config::Config;
use crate::db::{Database, DatabaseError};
use crate::kernel::audit::Origin;
use crate::kernel::http_client::HttpClient;
use crate::kernel::{Clock, Random, Sealer, Timestamp, Unicode};
use crate::provisioning;
use crate::provisioning::fanout::RunQueue;
use crate::provisioning::offboarding::RemovalOrder;
use crate::threedeye;
use crate::user_keys::{InstanceName, Throttle};

/// Nothing can be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("CREDENTIALS_KEY is missing or malformed")]
pub struct NoSealingKey;

/// A limit on how often something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Requests of one administrator.
    Admin,
    /// Requests of one person.
    Person,
    /// Failed authentications from one address.
    Authentication,
}

/// What an event brings along.
pub trait Bindings {
    fn database(&self) -> Result<Database, DatabaseError>;

    /// The queue of planned runs; without it a run stays in one process.
    fn run_queue(&self) -> Option<Rc<dyn RunQueue>>;

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
    remote_token: Rc<RefCell<threedeye::TokenCache>>,
    throttle: RefCell<Throttle>,
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
}

impl Services {
    pub fn new(config: Rc<Config>, environment: Environment, shared: Rc<Shared>) -> Self {
        Self {
            config,
            clock: Rc::clone(&environment.clock),
            random: Rc::clone(&environment.random),
            environment,
            shared,
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
        self.environment.bindings.database()
    }

    /// The queue of planned runs; without it a run stays in one process.
    pub fn run_queue(&self) -> Option<Rc<dyn RunQueue>> {
        self.environment.bindings.run_queue()
    }

    /// 3dEye; `None`: not configured.
    pub fn remote(&self) -> Option<threedeye::Client> {
        self.config.threedeye.clone().map(|config| {
            threedeye::Client::new(
                config,
                Rc::clone(&self.environment.http),
                Rc::clone(&self.clock),
                Rc::clone(&self.random),
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

    /// On what terms the accounts of deleted users are removed.
    pub fn removals(&self) -> RemovalOrder {
        RemovalOrder {
            limit: self.config.backfill_max_removals,
            wait: self.config.offboard_after,
        }
    }

    /// Whether an administrator keeps within the limit of requests.
    pub async fn admin_within_limit(&self, name: &str) -> bool {
        let bindings = &self.environment.bindings;
        bindings.within_limit(RateLimit::Admin, name).await
    }

    /// Whether an address keeps within the limit of failed authentications. Requests to which
    /// the runtime gives no address count as one.
    pub async fn address_within_limit(&self, address: Option<IpAddr>) -> bool {
        let address = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
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

    pub(crate) async fn authenticate_admin(&self, headers: &HeaderMap) -> Result<Admin, AuthError> {
        let tokens = self.authenticator();
        auth::authenticate_admin(
            headers,
            &self.config.admin_keys,
            &self.config.admin_email_domains,
            tokens.as_ref(),
        )
        .await
    }

    pub(crate) async fn authenticate_person(
        &self,
        headers: &HeaderMap,
    ) -> Result<Identity, AuthError> {
        let token = bearer(headers)?;
        self.authenticator()
            .ok_or(Refusal::TokensNotConfigured)?
            .verify(token)
            .await
    }

    fn authenticator(&self) -> Option<Authenticator<'_>> {
        Some(Authenticator {
            policy: self.config.jwt.as_ref()?,
            cache: &self.shared.keys,
            http: self.http(),
            signatures: &*self.environment.signatures,
            clock: &*self.clock,
        })
    }
}
