//! The HTTP that rooms need who talk to other services, as a trait: the real one is in `platform`.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use http::{HeaderMap, Method};

/// One request to another service. Redirects are never followed.
#[derive(Clone)]
pub struct HttpRequest {
    /// The HTTP method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// Header names and values; values may be secret, so this type has no `Debug`.
    pub headers: Vec<(&'static str, String)>,
    /// A JSON body.
    pub body: Option<Vec<u8>>,
}

/// The whole answer.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The body, at most as large as was allowed.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No whole answer within the time allowed, slow bodies included.
    #[error("timed out")]
    TimedOut,
    /// The connection could not be made or broke.
    #[error("connection failed")]
    Connection,
    /// The body was larger than allowed; the rest was cancelled.
    #[error("answer too large")]
    TooLarge,
}

/// Sends requests to other services.
pub trait HttpClient {
    /// Sends one request and reads its answer, both within `timeout`; a body over
    /// `max_bytes` is cancelled and refused.
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>>;
}

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

impl<T: HttpClient + ?Sized> HttpClient for std::rc::Rc<T> {
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        (**self).send(request, timeout, max_bytes)
    }
}
