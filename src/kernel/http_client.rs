//! HTTP to other services, as a trait; the runtime's implementation is in `platform`.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use http::{HeaderMap, Method};

/// Firewalls drop requests that do not say who sends them.
pub const USER_AGENT: &str = concat!("spkey-edge/", env!("CARGO_PKG_VERSION"));

/// Redirects are never followed.
#[derive(Clone)]
pub struct HttpRequest {
    pub method: Method,
    pub url: String,
    /// Header names and values, [`USER_AGENT`] among them; values may be secret, so this type has no `Debug`.
    headers: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
}

impl HttpRequest {
    pub fn new(method: Method, url: String) -> Self {
        Self {
            method,
            url,
            headers: vec![("user-agent", USER_AGENT.to_owned())],
            body: None,
        }
    }

    pub fn add_header(&mut self, name: &'static str, value: String) {
        self.headers.push((name, value));
    }

    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    pub fn set_form(&mut self, body: String) {
        let form = "application/x-www-form-urlencoded";
        self.add_header("content-type", form.to_owned());
        self.body = Some(body.into_bytes());
    }

    pub fn set_json(&mut self, body: Vec<u8>) {
        self.add_header("content-type", "application/json".to_owned());
        self.body = Some(body);
    }
}

#[derive(Debug, Clone)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body, at most as large as was allowed.
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The answer was not complete in time.
    #[error("timed out")]
    TimedOut,
    /// The connection could not be made or broke.
    #[error("connection failed")]
    Connection,
    /// The body was larger than allowed; the rest was cancelled.
    #[error("answer too large")]
    TooLarge,
}

pub trait HttpClient {
    /// Sends a request and reads its answer, both within `timeout`. A body over `max_bytes` is
    /// cancelled and refused.
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>>;
}

#[cfg(test)]
impl<T: HttpClient + ?Sized> HttpClient for &T {
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        (**self).send(request, timeout, max_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_says_who_sends_it() {
        let mut request = HttpRequest::new(Method::POST, "https://example.com".to_owned());
        request.set_json(b"{}".to_vec());
        let version = env!("CARGO_PKG_VERSION");
        let expected = [
            ("user-agent", format!("spkey-edge/{version}")),
            ("content-type", "application/json".to_owned()),
        ];
        assert_eq!(request.headers(), expected);
    }
}
