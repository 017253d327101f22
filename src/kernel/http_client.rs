//! HTTP to other services, as a trait; the runtime's implementation is in `platform`.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use http::{HeaderMap, Method};

/// Redirects are never followed.
#[derive(Clone)]
pub struct HttpRequest {
    pub method: Method,
    pub url: String,
    /// Header names and values; values may be secret, so this type has no `Debug`.
    pub headers: Vec<(&'static str, String)>,
    /// A JSON body.
    pub body: Option<Vec<u8>>,
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
