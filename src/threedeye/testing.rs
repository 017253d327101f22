//! What the tests of the client share: a configuration, and requests read as 3dEye's.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::kernel::http_client::HttpRequest;
use crate::kernel::random::seeded::Seeded;
use crate::kernel::unicode::Tables;
use crate::kernel::{Deadline, Secret};
use crate::threedeye::client::{Client, TokenCache};
use crate::threedeye::config::{ProtectedAccounts, ThreedeyeConfig, ThreedeyeLogin};

pub use crate::testing::transport::{Reply, Script, VirtualClock, header_of};

/// A configuration with a login, pages of 3 and 10 s a call.
pub fn config() -> ThreedeyeConfig {
    ThreedeyeConfig {
        base_url: "https://upstream.example/v3".to_owned(),
        api_key: Secret::new("the-key"),
        customer_id: "cust&7 ü".to_owned(),
        login: Some(ThreedeyeLogin {
            username: "Svc@example.com".to_owned(),
            password: Secret::new("the-password"),
        }),
        protected: ProtectedAccounts::default(),
        page_size: 3,
        timeout: Duration::from_secs(10),
        dialect: Rc::default(),
    }
}

/// A client, its time, and what its requests meet. The latter two last until the test process ends:
/// what a client holds by `Rc` may borrow nothing that ends with the test.
pub struct TestClient {
    pub client: Client,
    pub clock: &'static VirtualClock,
    pub script: &'static Script<'static>,
}

impl TestClient {
    pub fn new(
        config: ThreedeyeConfig,
        answer: impl FnMut(&HttpRequest) -> Reply + 'static,
    ) -> Self {
        let clock: &VirtualClock = Box::leak(Box::default());
        let script: &Script = Box::leak(Box::new(Script::new(clock, answer)));
        let client = client(config, clock, script, Rc::default());
        Self {
            client,
            clock,
            script,
        }
    }

    /// Goes on as the client of another request, which shares these tokens.
    pub fn become_another(&mut self, config: ThreedeyeConfig, tokens: &Rc<RefCell<TokenCache>>) {
        self.client = client(config, self.clock, self.script, Rc::clone(tokens));
    }

    pub fn run<T>(&self, call: impl Future<Output = T>) -> T {
        self.clock.run(call)
    }

    pub fn deadline(&self, seconds: u64) -> Deadline {
        Deadline::after(self.clock, Duration::from_secs(seconds))
    }
}

fn client(
    config: ThreedeyeConfig,
    clock: &'static VirtualClock,
    script: &'static Script<'static>,
    tokens: Rc<RefCell<TokenCache>>,
) -> Client {
    let random = Rc::new(Seeded::new(9));
    Client::new(
        config,
        Rc::new(script),
        Rc::new(clock),
        random,
        Rc::new(Tables),
        tokens,
    )
}

impl Script<'_> {
    /// How many requests had this method and, after the base, this path.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let requests = self.requests.borrow();
        let wanted =
            |request: &&HttpRequest| request.method.as_str() == method && path_of(request) == path;
        requests.iter().filter(wanted).count()
    }
}

/// The request's path after `/v3`, without its query.
pub fn path_of(request: &HttpRequest) -> &str {
    let path = request.url.split('?').next().unwrap();
    path.split_once("/v3").unwrap().1
}

/// A query parameter of the request.
pub fn query_of(request: &HttpRequest, name: &str) -> Option<String> {
    let query = request.url.split_once('?')?.1;
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
