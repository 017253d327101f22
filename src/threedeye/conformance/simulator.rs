//! The suite on the simulator, over HTTP and in real time: as we assume that 3dEye speaks, and in a dialect
//! in which everything differs.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::MutexGuard;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_executor::block_on;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::unicode::Tables;
use crate::kernel::{Clock, EmailKey, Secret, Timestamp};
use crate::testing::{self, Shared};
use crate::threedeye::client::{Client, TokenCache};
use crate::threedeye::config::{ProtectedAccounts, ThreedeyeConfig, ThreedeyeLogin};
use crate::threedeye::conformance::{LOGIN, Remote, Seed, Subject};
use crate::threedeye::dialect::Dialect;

const CUSTOMER: &str = "our customer";

/// The system's time.
#[derive(Clone, Copy)]
struct RealClock;

impl Clock for RealClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulator is another process"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
    }

    /// Blocks the thread: one call is under way at a time.
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            std::thread::sleep(duration);
        })
    }
}

/// HTTP that blocks the thread.
struct Blocking;

impl HttpClient for Blocking {
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        Box::pin(async move {
            let agent = testing::agent(Some(timeout));
            let mut builder = http::Request::builder()
                .method(&request.method)
                .uri(&request.url);
            for (name, value) in request.headers() {
                builder = builder.header(*name, value);
            }
            let answer = match request.body {
                Some(body) => agent.run(builder.body(body).unwrap()),
                None if request.method == http::Method::POST => {
                    agent.run(builder.body(Vec::new()).unwrap())
                }
                None => agent.run(builder.body(()).unwrap()),
            };
            let mut response = answer.map_err(|error| lost(&error))?;
            let limit = u64::try_from(max_bytes).unwrap();
            let body = response.body_mut().with_config().limit(limit);
            let body = body.read_to_vec().map_err(|error| lost(&error))?;
            Ok(HttpResponse {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body,
            })
        })
    }
}

fn lost(error: &ureq::Error) -> HttpError {
    match error {
        ureq::Error::Timeout(_) => HttpError::TimedOut,
        ureq::Error::BodyExceedsLimit(_) => HttpError::TooLarge,
        _ => HttpError::Connection,
    }
}

/// The simulator of the current test, which no other test uses meanwhile.
struct Simulator {
    url: &'static str,
    dialect: Rc<Dialect>,
    _turn: MutexGuard<'static, ()>,
}

fn check(case: impl AsyncFnOnce(&Subject)) {
    // So that a handful of accounts makes several pages.
    check_in("{}", 2, case);
}

fn check_in(dialect: &str, page_size: u32, case: impl AsyncFnOnce(&Subject)) {
    static SERVER: Shared = Shared::new("simulator");
    let (url, turn) = SERVER.lend();
    let simulator = Simulator {
        url,
        dialect: Rc::new(Dialect::parse(dialect).unwrap()),
        _turn: turn,
    };
    let dialect: Value = serde_json::from_str(dialect).unwrap();
    let login = ThreedeyeLogin {
        username: LOGIN.to_owned(),
        password: Secret::new("the login's own"),
    };
    let settings = json!({
        "apiKey": "the key", "requireBearer": true, "ownCustomerId": CUSTOMER, "dialect": dialect,
        "login": { "username": LOGIN, "password": login.password.expose() },
    });
    let config = ThreedeyeConfig {
        base_url: format!("{url}/v3"),
        api_key: Secret::new("the key"),
        customer_id: CUSTOMER.to_owned(),
        login: Some(login),
        protected: ProtectedAccounts::default(),
        page_size,
        timeout: Duration::from_secs(10),
        dialect: Rc::clone(&simulator.dialect),
    };
    simulator.control("/reset", &json!({ "config": settings }));
    let client = Client::new(
        config,
        Rc::new(Blocking),
        Rc::new(RealClock),
        Rc::new(Seeded::new(3)),
        Rc::new(Tables),
        Rc::new(RefCell::new(TokenCache::default())),
    );
    block_on(case(&Subject {
        client,
        clock: Rc::new(RealClock),
        remote: Box::new(simulator),
    }));
}

impl Simulator {
    fn control(&self, path: &str, body: &Value) {
        let url = format!("{}/__sim{path}", self.url);
        let body = serde_json::to_vec(body).unwrap();
        let agent = testing::agent(None);
        let answer = if path == "/config" {
            agent.patch(&url).send(&body)
        } else {
            agent.post(&url).send(&body)
        };
        let mut answer = answer.unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status().is_success(), "{path}: {text}");
    }
}

impl Remote for Simulator {
    fn seed(&self, accounts: &[Seed]) {
        let user = |account: &Seed| {
            json!({
                "id": account.id, "email": account.email, "password": account.password,
                "customerId": if account.ours { CUSTOMER } else { "another customer" },
                "roles": account.roles,
            })
        };
        let users: Vec<Value> = accounts.iter().map(user).collect();
        self.control("/users", &json!({ "users": users }));
    }

    fn slow_down(&self, created: Duration, deleted: Duration) {
        let (create, delete) = (created.as_millis(), deleted.as_millis());
        let delays = json!({ "create": create as u64, "delete": delete as u64 });
        self.control("/config", &json!({ "visibilityDelayMs": delays }));
    }

    fn lose_the_next_create(&self) {
        let path = format!("^{}$", self.dialect.paths.users.as_str());
        let creates = json!({ "method": "POST", "path": { "regex": path } });
        let fault = json!({ "match": creates, "action": { "reset": "after" } });
        self.control("/faults", &fault);
    }

    fn keep_ids_secret(&self) {
        self.control("/config", &json!({ "createWithoutId": true }));
    }

    fn count(&self, email: &str) -> usize {
        let url = format!("{}/__sim/users", self.url);
        let mut answer = testing::agent(None).get(&url).call().unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        let users = answer["users"].as_array().unwrap().iter();
        let emails = users.filter_map(|user| EmailKey::of(user["email"].as_str().unwrap()));
        emails
            .filter(|key| *key == EmailKey::of(email).unwrap())
            .count()
    }
}

crate::threedeye::conformance::cases::conformance! { check, [ignore = "needs node and the npm packages; npm test runs it"] }

mod in_another_dialect {
    use super::{Subject, check_in};

    fn check(case: impl AsyncFnOnce(&Subject)) {
        // More than its largest page, which makes several of a handful of accounts too.
        let dialect = include_str!("../../../dev/conformance/dialect.json");
        check_in(dialect, 500, case);
    }

    crate::threedeye::conformance::cases::conformance! { check, [ignore = "needs node and the npm packages; npm test runs it"] }
}
