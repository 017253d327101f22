//! What the fuzz targets share.

use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use spkey_edge::kernel::Secret;
use spkey_edge::kernel::text::without_byte_order_mark;
use spkey_edge::threedeye::config::{ProtectedAccounts, ThreedeyeConfig, ThreedeyeLogin};
use spkey_edge::web::ApiError;

/// A value that stands for something confidential: no error may repeat it.
pub const CONFIDENTIAL: &str = "c0nfidential";

/// Cuts an input into its first `N` lines and the rest, so that seeds can be
/// read and written by hand. Missing lines are empty.
pub fn lines<const N: usize>(input: &[u8]) -> ([&[u8]; N], &[u8]) {
    let mut rest = input;
    let lines = std::array::from_fn(|_| {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let (line, after) = match end {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, &[][..]),
        };
        rest = after;
        line
    });
    (lines, rest)
}

/// Headers with this one field; none when its value cannot travel in a header.
pub fn header(name: HeaderName, value: &[u8]) -> HeaderMap {
    HeaderValue::from_bytes(value)
        .map(|value| HeaderMap::from_iter([(name, value)]))
        .unwrap_or_default()
}

/// A document in which something was found, read in another way. `None` where
/// a member that nobody asked for breaks a rule that we do not hold it to, such
/// as a number out of range; but it is an object even then.
pub fn object(document: &[u8]) -> Option<Map<String, Value>> {
    let document = without_byte_order_mark(document);
    assert!(document.trim_ascii_start().starts_with(b"{"), "no object");
    serde_json::from_slice(document).ok()
}

/// Puts something confidential in the place of every text.
pub fn conceal(value: &mut Value) {
    match value {
        Value::String(text) => *text = CONFIDENTIAL.to_owned(),
        Value::Array(values) => values.iter_mut().for_each(conceal),
        Value::Object(members) => members.values_mut().for_each(conceal),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// An error names fields, not values. What members are called it may repeat.
pub fn silent<T>(result: Result<T, ApiError>, body: &Value) {
    let is_named =
        |members: &Map<String, Value>| members.keys().any(|name| name.contains(CONFIDENTIAL));
    if let Some(error) = result
        .err()
        .filter(|_| !body.as_object().is_some_and(is_named))
    {
        assert!(!format!("{error:?}").contains(CONFIDENTIAL), "{error:?}");
    }
}

/// The outcome of a future that waits for nothing.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing here may wait")
}

/// An upstream's configuration.
pub fn threedeye() -> ThreedeyeConfig {
    ThreedeyeConfig {
        base_url: "https://upstream.example/v3".to_owned(),
        api_key: Secret::new(CONFIDENTIAL),
        customer_id: "cust-1".to_owned(),
        login: Some(ThreedeyeLogin {
            username: "us@example.com".to_owned(),
            password: Secret::new(CONFIDENTIAL),
        }),
        page_size: 500,
        timeout: Duration::from_secs(10),
        dialect: Rc::default(),
        protected: ProtectedAccounts::default(),
    }
}
