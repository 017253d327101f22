//! What one request or event works with: configuration, database, upstream.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;

use http::HeaderMap;
use worker::{Env, RateLimiter};

use crate::audit::Origin;
use crate::auth::{self, AuthError, Authenticator, Identity, Refusal, bearer};
use crate::config::Config;
use crate::kernel::{Clock as _, Sealer};
use crate::platform::bindings::Bindings;
use crate::platform::d1::Database;
use crate::platform::fetch::FetchTransport;
use crate::platform::isolate::{Isolate, Keys};
use crate::platform::jwks_source::JwksSource;
use crate::platform::queue::ProvisioningQueue;
use crate::platform::runtime::{RuntimeClock, RuntimeRandom};
use crate::platform::webcrypto::WebCrypto;
use crate::provisioning::Toolbox;
use crate::threedeye::client::{Client, TokenCache};
use crate::user_keys::{InstanceName, Throttle};

use super::ApiError;

/// The upstream as the runtime reaches it; `None`: not configured.
pub type Upstream = Option<Client<FetchTransport, RuntimeClock, RuntimeRandom>>;

/// The tools of provisioning on the runtime.
pub type Tools<'a> = Toolbox<'a, Upstream, Database, RuntimeClock, RuntimeRandom>;

/// Everything of one request or event. Values shared with others of the same
/// isolate are finished ones: configuration, imported keys, a bearer token.
pub struct Services {
    /// The configuration.
    pub config: Rc<Config>,
    /// The time.
    pub clock: RuntimeClock,
    /// The CSPRNG.
    pub random: RuntimeRandom,
    bindings: Bindings,
    keys: Keys,
    tokens: Rc<RefCell<TokenCache>>,
    throttle: Rc<RefCell<Throttle>>,
}

impl Services {
    /// Services for one request or event.
    pub fn new(env: &Env, isolate: &Isolate) -> Self {
        Self {
            config: isolate.config(env),
            clock: RuntimeClock,
            random: RuntimeRandom,
            bindings: Bindings::new(env),
            keys: isolate.keys(),
            tokens: isolate.tokens(),
            throttle: isolate.throttle(),
        }
    }

    /// The database.
    pub fn database(&self) -> Result<Database, ApiError> {
        Ok(Database::new(self.bindings.database()?))
    }

    /// The queue of planned runs; without it a run stays in one process.
    pub fn provisioning_queue(&self) -> Option<ProvisioningQueue> {
        let binding = self.bindings.provisioning_queue();
        binding.map(ProvisioningQueue::new)
    }

    /// The upstream.
    pub fn upstream(&self) -> Upstream {
        self.config.threedeye.clone().map(|config| {
            Client::new(
                config,
                FetchTransport,
                self.clock,
                self.random,
                Rc::clone(&self.tokens),
            )
        })
    }

    /// The seal; without `CREDENTIALS_KEY` whatever needs it is refused.
    pub fn sealer(&self) -> Result<&Sealer, ApiError> {
        self.config
            .sealer
            .as_ref()
            .ok_or_else(|| ApiError::internal("CREDENTIALS_KEY is missing or malformed"))
    }

    /// The tools of provisioning.
    pub fn tools<'a>(
        &'a self,
        upstream: &'a Upstream,
        store: &'a Database,
        origin: &'a Origin,
    ) -> Result<Tools<'a>, ApiError> {
        Ok(Toolbox {
            upstream,
            store,
            clock: &self.clock,
            random: &self.random,
            sealer: self.sealer()?,
            origin,
        })
    }

    /// Whether an administrator keeps within the limit of requests, if there is one.
    pub async fn admin_within_limit(&self, name: &str) -> bool {
        within_limit(self.bindings.admin_rate_limiter(), name).await
    }

    /// Whether an address keeps within the limit of failed authentications, if there is one.
    /// Those whom the runtime gives no address count as one.
    pub async fn address_within_limit(&self, address: Option<IpAddr>) -> bool {
        let address = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        within_limit(self.bindings.auth_rate_limiter(), &address).await
    }

    /// Counts a request with the keys of an instance.
    ///
    /// # Errors
    ///
    /// As [`Throttle::admit`] has them.
    pub fn throttle(&self, instance: Option<&InstanceName>, caller: &str) -> Result<(), u64> {
        let now = self.clock.now();
        self.throttle.borrow_mut().admit(instance, caller, now)
    }

    pub(super) async fn authenticate_admin(
        &self,
        headers: &HeaderMap,
    ) -> Result<auth::Admin, AuthError> {
        let source = self.key_source();
        let tokens = self.authenticator(source.as_ref());
        auth::authenticate_admin(
            headers,
            &self.config.admin_keys,
            &self.config.admin_email_domains,
            tokens.as_ref(),
        )
        .await
    }

    pub(super) async fn authenticate_person(
        &self,
        headers: &HeaderMap,
    ) -> Result<Identity, AuthError> {
        let token = bearer(headers)?;
        let source = self.key_source();
        self.authenticator(source.as_ref())
            .ok_or(Refusal::TokensNotConfigured)?
            .verify(token)
            .await
    }

    fn key_source(&self) -> Option<JwksSource<FetchTransport>> {
        let policy = self.config.jwt.as_ref()?;
        Some(JwksSource::new(FetchTransport, policy.jwks_url.clone()))
    }

    fn authenticator<'a>(
        &'a self,
        source: Option<&'a JwksSource<FetchTransport>>,
    ) -> Option<Authenticator<'a, JwksSource<FetchTransport>, WebCrypto, RuntimeClock>> {
        Some(Authenticator {
            policy: self.config.jwt.as_ref()?,
            cache: &self.keys,
            source: source?,
            verifier: &WebCrypto,
            clock: &self.clock,
        })
    }
}

async fn within_limit(limiter: Option<RateLimiter>, principal: &str) -> bool {
    let Some(limiter) = limiter else { return true };
    // A limiter that fails must not lock everybody out.
    limiter
        .limit(principal.to_owned())
        .await
        .map_or(true, |outcome| outcome.success)
}
