//! [`Transport`] on the runtime's `fetch`.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use js_sys::Uint8Array;
use worker::{
    AbortController, AbortSignal, ByteStream, Delay, Fetch, Headers, Method, Request, RequestInit,
    RequestRedirect, ResponseBody,
};

use crate::threedeye::transport::{InboundResponse, OutboundRequest, Transport, TransportError};

/// The answer's headers that somebody reads. The others stay behind: a copy of
/// all would have to cope with values that `http` does not accept.
const KEPT_HEADERS: [HeaderName; 1] = [header::RETRY_AFTER];

/// Sends requests with the runtime's `fetch`.
///
/// - Redirects are not followed: a 3xx is an answer like any other, and our
///   credentials go nowhere but to the host we were told.
/// - The time allowed covers connecting, headers and the whole body. Once it is
///   up, or the caller drops the future, the request is aborted, which frees
///   its connection: six are all that an invocation has.
/// - The body is read chunk by chunk and cancelled where it exceeds the cap,
///   which counts bytes after decompression.
/// - A request that the runtime refuses to build (a line break in a header, say)
///   fails as [`TransportError::Connection`].
#[derive(Debug, Clone, Copy, Default)]
pub struct FetchTransport;

impl Transport for FetchTransport {
    async fn send(
        &self,
        request: OutboundRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> Result<InboundResponse, TransportError> {
        let controller = AbortController::default();
        let signal = controller.signal();
        let abort = AbortOnDrop(Some(controller));
        let exchange = pin!(exchange(request, &signal, max_bytes));
        match select(exchange, pin!(Delay::from(timeout))).await {
            Either::Left((Ok(response), _)) => {
                abort.disarm();
                Ok(response)
            }
            Either::Left((Err(cause), _)) => Err(cause),
            Either::Right(_) => Err(TransportError::TimedOut),
        }
    }
}

/// Aborts a request unless told that it has ended.
struct AbortOnDrop(Option<AbortController>);

impl AbortOnDrop {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = self.0.take() {
            controller.abort();
        }
    }
}

async fn exchange(
    request: OutboundRequest,
    signal: &AbortSignal,
    max_bytes: usize,
) -> Result<InboundResponse, TransportError> {
    let request = Fetch::Request(js_request(&request).ok_or(TransportError::Connection)?);
    let response = request
        .send_with_signal(signal)
        .await
        .map_err(|_| TransportError::Connection)?;
    let status = response.status_code();
    let headers = kept(response.headers());
    let (_, body) = response.into_parts();
    Ok(InboundResponse {
        status,
        headers,
        body: read(body, max_bytes).await?,
    })
}

fn js_request(request: &OutboundRequest) -> Option<Request> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value).ok()?;
    }
    let body = request.body.as_deref();
    let mut init = RequestInit::new();
    init.with_method(js_method(&request.method)?)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(body.map(|bytes| Uint8Array::from(bytes).into()));
    Request::new_with_init(&request.url, &init).ok()
}

/// Method by method: `worker`'s own conversion turns what it does not know into GET.
fn js_method(method: &http::Method) -> Option<Method> {
    match *method {
        http::Method::GET => Some(Method::Get),
        http::Method::POST => Some(Method::Post),
        http::Method::PUT => Some(Method::Put),
        http::Method::PATCH => Some(Method::Patch),
        http::Method::DELETE => Some(Method::Delete),
        _ => None,
    }
}

fn kept(headers: &Headers) -> HeaderMap {
    KEPT_HEADERS
        .into_iter()
        .filter_map(|name| {
            let value = headers.get(name.as_str()).ok()??;
            Some((name, HeaderValue::from_str(&value).ok()?))
        })
        .collect()
}

async fn read(body: ResponseBody, max_bytes: usize) -> Result<Vec<u8>, TransportError> {
    let stream = match body {
        ResponseBody::Empty => return Ok(Vec::new()),
        ResponseBody::Body(bytes) if bytes.len() > max_bytes => {
            return Err(TransportError::TooLarge);
        }
        ResponseBody::Body(bytes) => return Ok(bytes),
        ResponseBody::Stream(stream) => stream,
    };
    // Dropped before its end, the stream cancels the body.
    let mut chunks = ByteStream::from(stream);
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| TransportError::Connection)?;
        if bytes.len().saturating_add(chunk.len()) > max_bytes {
            return Err(TransportError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_we_do_not_send_never_becomes_a_get() {
        assert_eq!(js_method(&http::Method::DELETE), Some(Method::Delete));
        assert_eq!(js_method(&http::Method::TRACE), None);
    }
}
