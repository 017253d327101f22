//! What the tests of the client share: a configuration, and requests read as 3dEye's.

use std::time::Duration;

use crate::kernel::Secret;
use crate::kernel::http_client::HttpRequest;
use crate::threedeye::config::{ThreedeyeConfig, ThreedeyeLogin};

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
        page_size: 3,
        timeout: Duration::from_secs(10),
    }
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
