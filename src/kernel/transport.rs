//! The HTTP that rooms need who talk to other services, as a trait: the real one is in `platform`.

use std::time::Duration;

use http::{HeaderMap, Method};

/// One request to another service. Redirects are never followed.
#[derive(Clone)]
pub struct OutboundRequest {
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
pub struct InboundResponse {
    /// The HTTP status.
    pub status: u16,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The body, at most as large as was allowed.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
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

/// Sends requests to another service.
pub trait Transport {
    /// Sends one request and reads its answer, both within `timeout`; a body
    /// over `max_bytes` is cancelled and refused.
    async fn send(
        &self,
        request: OutboundRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> Result<InboundResponse, TransportError>;
}

impl<T: Transport> Transport for &T {
    async fn send(
        &self,
        request: OutboundRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> Result<InboundResponse, TransportError> {
        (**self).send(request, timeout, max_bytes).await
    }
}
