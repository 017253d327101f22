//! What one request or event works with.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::auth::Signatures;
use crate::auth::jwks::JwksCache;
use crate::config::Config;
use crate::db::{Database, DatabaseError, Notes};
use crate::kernel::audit::Origin;
use crate::kernel::http_client::HttpClient;
use crate::kernel::{Clock, Random, Remembered, Sealer, Timestamp, Unicode};
use crate::metrics::refusals::Refusals;
use crate::operators::oidc::DiscoveryCache;
use crate::overview::Overview;
use crate::provisioning;
use crate::provisioning::fanout::RunQueue;
use crate::provisioning::offboarding::RemovalOrder;
use crate::threedeye;
use crate::user_keys::Throttle;

mod authentication;
mod limits;

pub use authentication::SessionError;
pub use limits::RateLimit;

/// Nothing can be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("CREDENTIALS_KEY is missing or malformed")]
pub struct NoSealingKey;

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

/// Which reads of whose login were noted in the audit trail within the hour.
pub type NotedReads = Remembered<256>;

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
    noted_reads: NotedReads,
    refusals: Refusals,
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

    /// The refusals of this isolate that are not written down yet.
    pub fn refusals(&self) -> &Refusals {
        &self.shared.refusals
    }

    pub fn noted_reads(&self) -> &NotedReads {
        &self.shared.noted_reads
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
}
