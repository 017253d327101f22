//! The whole service in memory: any endpoint, through the router, with the database, the
//! other services and the clock in the test's hands.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::{LocalBoxFuture, join_all};
use http::Method;
use serde_json::{Value, json};

pub use super::outside::Unreachable;
use super::outside::{JWKS_URL, Outside, WEBHOOK_URL};
pub use super::request::{TestAnswer, TestRequest, claims, token};
use super::transport::{VirtualClock, yield_once};
use crate::app;
use crate::auth::fake::{self, FakeCrypto};
use crate::config::Config;
use crate::db::faulty::{Ending, Faults, Faulty};
use crate::db::sqlite::Sqlite;
use crate::db::{Database, DatabaseError, Engine, Statement};
use crate::kernel::Clock as _;
use crate::kernel::http_client::{HttpClient, HttpRequest};
use crate::kernel::log::{Level, Log};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::unicode::Tables;
use crate::operators::session::{SESSION_COOKIE, SESSION_LIFETIME};
use crate::operators::{Role, SessionToken};
use crate::provisioning::fanout::{ChunkId, QueueError, RunQueue};
use crate::services::{Bindings, Environment, RateLimit, Services, Shared};
use crate::threedeye::simulated::Simulated;
use crate::threedeye::simulated::faults::Planned;
use crate::web::Router;

/// The settings of a service in good order.
const SETTINGS: [(&str, &str); 12] = [
    ("ADMIN_API_KEY", ADMIN_KEY),
    ("ADMIN_EMAIL_DOMAINS", "smartphonekey.com"),
    ("JWT_ISSUER", "https://id.example/"),
    ("JWT_AUDIENCE", "spkey"),
    ("JWT_JWKS_URL", JWKS_URL),
    ("CONSOLE_CLIENT_ID", "console"),
    ("CONSOLE_CLIENT_SECRET", "client-secret-of-the-tests"),
    ("THREEDEYE_BASE_URL", REMOTE_URL),
    ("THREEDEYE_API_KEY", "remote-key"),
    ("THREEDEYE_CUSTOMER_ID", "customer-1"),
    ("NOTIFY_WEBHOOK_URL", WEBHOOK_URL),
    ("NOTIFY_WEBHOOK_SECRET", "webhook-secret-of-the-tests"),
];

pub const ADMIN_KEY: &str = "admin-key-of-the-native-tests";
const REMOTE_URL: &str = "https://remote.example/v3";

/// The service and its surroundings.
pub struct TestService {
    pub clock: Rc<VirtualClock>,
    pub database: Sqlite,
    /// The limits, and their keys, that refuse at the moment.
    pub exhausted: Rc<RefCell<Vec<RateLimit>>>,
    pub spent: Rc<RefCell<HashSet<String>>>,
    /// The limits that have no binding.
    pub unbound: Rc<RefCell<Vec<RateLimit>>>,
    /// What was counted: the limits with their keys.
    pub counted: Rc<RefCell<Vec<(RateLimit, String)>>>,
    /// What was sent to the receiver of notices.
    pub delivered: Rc<RefCell<Vec<HttpRequest>>>,
    /// What was sent to the queue.
    pub queued: Rc<RefCell<Vec<ChunkId>>>,
    /// How often the issuer's keys were fetched.
    pub key_fetches: Rc<Cell<u32>>,
    /// After so many batches the database refuses all; `None`: never.
    pub spared_batches: Rc<Cell<Option<u32>>>,
    /// The work that goes on after an answer.
    background: Rc<RefCell<Vec<LocalBoxFuture<'static, ()>>>>,
    pub background_log: Lines,
    settings: BTreeMap<&'static str, String>,
    engine: Rc<dyn Engine>,
    remote: Rc<dyn HttpClient>,
    receiver: Option<Rc<dyn HttpClient>>,
    random: Rc<Seeded>,
    shared: RefCell<Rc<Shared>>,
    pub has_queue: bool,
    pub router: Router,
}

/// A simulated 3dEye whose faults the test plans.
pub type Remote = Simulated<Rc<VirtualClock>, Planned<Rc<VirtualClock>>>;

/// The log's lines.
#[derive(Default, Clone)]
pub struct Lines(pub Rc<RefCell<Vec<Value>>>);

impl Log for Lines {
    fn write(&self, level: Level, line: &str) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], json!(level));
        self.0.borrow_mut().push(line);
    }
}

impl TestService {
    /// A service whose 3dEye cannot be reached.
    pub fn new() -> Self {
        let clock = Rc::new(VirtualClock::starting(fake::at(0)));
        Self::with_remote(clock, Rc::new(Unreachable))
    }

    /// A service with this 3dEye behind every address that is not another's.
    pub fn with_remote(clock: Rc<VirtualClock>, remote: Rc<dyn HttpClient>) -> Self {
        let reads = Rc::clone(&clock);
        let mut settings: BTreeMap<&'static str, String> = SETTINGS
            .map(|(name, value)| (name, value.to_owned()))
            .into();
        settings.insert("CREDENTIALS_KEY", STANDARD.encode([7; 32]));
        let database = Sqlite::new(move || reads.now());
        let spared_batches = Rc::default();
        let faults = Spared(Rc::clone(&spared_batches));
        Self {
            clock,
            engine: Rc::new(Faulty::new(database.clone(), faults)),
            database,
            exhausted: Rc::default(),
            spent: Rc::default(),
            unbound: Rc::default(),
            counted: Rc::default(),
            delivered: Rc::default(),
            queued: Rc::default(),
            key_fetches: Rc::default(),
            spared_batches,
            background: Rc::default(),
            background_log: Lines::default(),
            settings,
            remote,
            receiver: None,
            random: Rc::new(Seeded::new(1)),
            shared: RefCell::default(),
            has_queue: false,
            router: app::ROUTER,
        }
    }

    /// A service and its 3dEye, where the service has this login. Its requests go the way that `wrap`
    /// makes.
    pub fn with_3deye<C: HttpClient + 'static>(
        login: &str,
        wrap: impl FnOnce(Remote) -> C,
    ) -> (Self, Remote) {
        let clock = Rc::new(VirtualClock::starting(fake::at(0)));
        let remote = Simulated::new(login, Rc::clone(&clock), Planned::new(Rc::clone(&clock)));
        let config = remote.config(500);
        let login = config.login.unwrap();
        let service = Self::with_remote(clock, Rc::new(wrap(remote.clone())))
            .setting("THREEDEYE_BASE_URL", &config.base_url)
            .setting("THREEDEYE_API_KEY", config.api_key.expose())
            .setting("THREEDEYE_CUSTOMER_ID", &config.customer_id)
            .setting("THREEDEYE_USERNAME", &login.username)
            .setting("THREEDEYE_PASSWORD", login.password.expose());
        (service, remote)
    }

    /// The same service with another setting; an empty value takes it away.
    pub fn setting(mut self, name: &'static str, value: &str) -> Self {
        self.settings.insert(name, value.to_owned());
        self
    }

    /// The same service with the binding `PROVISIONING_QUEUE`.
    pub fn queue(mut self) -> Self {
        self.has_queue = true;
        self
    }

    /// The same service with this way to its database.
    pub fn engine<E: Engine + 'static>(mut self, wrap: impl FnOnce(Sqlite) -> E) -> Self {
        self.engine = Rc::new(wrap(self.database.clone()));
        self
    }

    /// The same service with this receiver of notices, in place of one that takes them all.
    pub fn receiver(mut self, receiver: Rc<dyn HttpClient>) -> Self {
        self.receiver = Some(receiver);
        self
    }

    /// The same service with a receiver that takes all notices.
    pub fn without_receiver(mut self) -> Self {
        self.receiver = None;
        self
    }

    /// Forgets what the isolate has cached, as a restart does.
    pub fn restart(&self) {
        *self.shared.borrow_mut() = Rc::default();
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.clock.run(self.clock.sleep(time));
    }

    /// Adds a user as another service does.
    pub fn add_user(&self, uuid: &str, email: Option<&str>) {
        let sql = "INSERT INTO users (uuid, email, created_at) VALUES (?1, ?2, '2024-01-15T10:30:00.000Z')";
        self.database.execute(sql, (uuid, email));
    }

    /// Adds an operator with this role, named after it, who signed in just now; tells the session's cookie.
    pub fn sign_in(&self, role: Role) -> String {
        let name = role.as_str();
        let now = self.clock.now();
        let id = format!("op_{name}");
        let token = SessionToken::mint(&*self.random);
        self.database.execute(
            "INSERT INTO operators (id, email_key, role, subject, created_at, created_by)
             VALUES (?1, ?2 || '@smartphonekey.com', ?2, 'auth0|' || ?2, 1, 'test')
             ON CONFLICT DO NOTHING",
            (&id, name),
        );
        self.database.execute(
            "INSERT INTO console_sessions
               (id_hash, operator_id, created_at, authenticated_at, seen_at, ends_at)
             VALUES (?1, ?2, ?3, ?3, ?3, ?4)",
            (
                token.hash(),
                id,
                now.as_millis(),
                now.plus(SESSION_LIFETIME).as_millis(),
            ),
        );
        format!("{SESSION_COOKIE}={}", token.expose())
    }

    /// The services of one event.
    pub fn services(&self) -> Services {
        self.services_with(Rc::clone(&self.random))
    }

    /// The same with a randomness of its own.
    pub fn services_with(&self, random: Rc<Seeded>) -> Services {
        let environment = Environment {
            bindings: Rc::new(TestBindings {
                engine: Rc::clone(&self.engine),
                exhausted: Rc::clone(&self.exhausted),
                spent: Rc::clone(&self.spent),
                unbound: Rc::clone(&self.unbound),
                counted: Rc::clone(&self.counted),
                background: Rc::clone(&self.background),
                queued: self.has_queue.then(|| Rc::clone(&self.queued)),
            }),
            clock: Rc::clone(&self.clock) as _,
            random,
            http: Rc::new(Outside {
                remote: Rc::clone(&self.remote),
                receiver: self.receiver.clone(),
                delivered: Rc::clone(&self.delivered),
                key_fetches: Rc::clone(&self.key_fetches),
            }),
            signatures: Rc::new(FakeCrypto::default()),
            unicode: Rc::new(Tables),
        };
        let shared = Rc::clone(&self.shared.borrow());
        let config = shared.config(|| Config::parse(|name| self.settings.get(name).cloned()));
        Services::new(config, environment, shared)
    }

    /// One event of the cron trigger; tells the lines of its log.
    pub fn run_schedule(&self) -> Vec<Value> {
        let log = Lines::default();
        let services = self.services();
        self.clock.run(app::schedule::run(&services, &log));
        log.0.take()
    }

    /// The kinds of the notices that were delivered, in order.
    pub fn told(&self) -> Vec<String> {
        let delivered = self.delivered.borrow();
        let kind = |request: &HttpRequest| {
            let body: Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
            body["type"].as_str().unwrap().to_owned()
        };
        delivered.iter().map(kind).collect()
    }

    /// Ends the work that goes on after answers.
    pub fn run_background(&self) {
        self.clock.run(self.background());
    }

    /// The same within an event of its own.
    pub async fn background(&self) {
        let work = self.background.take();
        join_all(work).await;
    }

    /// Loses the work that goes on after answers, as a crash does.
    pub fn lose_background(&self) {
        self.background.take();
    }

    /// Sends all of them at once; time passes as the service waits.
    pub fn send_together(&self, requests: Vec<TestRequest<'_>>) -> Vec<TestAnswer> {
        let requests = requests.into_iter();
        let answers = join_all(requests.map(|request| request.answer(self.services())));
        let answers = self.clock.run(answers);
        self.run_background();
        answers
    }

    /// How many batches the database has run for what `act` does.
    pub fn batches_of<T>(&self, act: impl FnOnce() -> T) -> (T, u32) {
        self.spared_batches.set(Some(u32::MAX));
        let result = act();
        let left = self.spared_batches.take();
        (result, u32::MAX - left.unwrap_or(u32::MAX))
    }

    pub fn get(&self, path: &str) -> TestRequest<'_> {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> TestRequest<'_> {
        self.request(Method::POST, path)
    }

    pub fn request(&self, method: Method, path: &str) -> TestRequest<'_> {
        TestRequest::new(self, method, path)
    }
}

/// Refuses every batch after so many.
struct Spared(Rc<Cell<Option<u32>>>);

impl Faults for Spared {
    fn before<'a>(&'a self, _: &'a [Statement]) -> LocalBoxFuture<'a, Ending> {
        let left = self.0.get();
        self.0.set(left.map(|left| left.saturating_sub(1)));
        let ending = match left {
            Some(0) => Ending::Refused,
            _ => Ending::Genuine,
        };
        Box::pin(async move {
            // So that requests sent together take turns at every call.
            yield_once().await;
            ending
        })
    }

    fn after(&self, _: Ending) -> LocalBoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

struct TestBindings {
    engine: Rc<dyn Engine>,
    exhausted: Rc<RefCell<Vec<RateLimit>>>,
    spent: Rc<RefCell<HashSet<String>>>,
    unbound: Rc<RefCell<Vec<RateLimit>>>,
    counted: Rc<RefCell<Vec<(RateLimit, String)>>>,
    background: Rc<RefCell<Vec<LocalBoxFuture<'static, ()>>>>,
    queued: Option<Rc<RefCell<Vec<ChunkId>>>>,
}

impl Bindings for TestBindings {
    fn database(&self) -> Result<Database, DatabaseError> {
        Ok(Database::new(Rc::clone(&self.engine)))
    }

    fn run_queue(&self) -> Option<Rc<dyn RunQueue>> {
        let queued = self.queued.as_ref()?;
        Some(Rc::new(TestQueue(Rc::clone(queued))))
    }

    fn wait_until(&self, work: LocalBoxFuture<'static, ()>) {
        self.background.borrow_mut().push(work);
    }

    fn has_limit(&self, limit: RateLimit) -> bool {
        !self.unbound.borrow().contains(&limit)
    }

    fn within_limit<'a>(&'a self, limit: RateLimit, key: &'a str) -> LocalBoxFuture<'a, bool> {
        self.counted.borrow_mut().push((limit, key.to_owned()));
        let spent = self.spent.borrow().contains(key);
        Box::pin(ready(!spent && !self.exhausted.borrow().contains(&limit)))
    }
}

struct TestQueue(Rc<RefCell<Vec<ChunkId>>>);

impl RunQueue for TestQueue {
    fn send<'a>(&'a self, chunks: &'a [ChunkId]) -> LocalBoxFuture<'a, Result<(), QueueError>> {
        self.0.borrow_mut().extend_from_slice(chunks);
        Box::pin(ready(Ok(())))
    }
}
