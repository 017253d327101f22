//! [`Transport`] on the runtime's `fetch`.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::web_sys::{
    AbortController, AbortSignal, Headers, RequestInit, RequestRedirect, Response,
    WorkerGlobalScope,
};
use worker::{ByteStream, Delay};

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
/// - A body that announces its length is read at once, or not at all where that
///   exceeds the cap; any other is read chunk by chunk and cancelled at the cap,
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
        let controller = AbortController::new().map_err(|_| TransportError::Connection)?;
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
    let init = js_init(&request, signal).map_err(|_| TransportError::Connection)?;
    let global: WorkerGlobalScope = js_sys::global().unchecked_into();
    let response: Response = JsFuture::from(global.fetch_with_str_and_init(&request.url, &init))
        .await
        .and_then(JsCast::dyn_into)
        .map_err(|_| TransportError::Connection)?;
    Ok(InboundResponse {
        status: response.status(),
        headers: kept(&response.headers()),
        body: read(&response, max_bytes).await?,
    })
}

fn js_init(request: &OutboundRequest, signal: &AbortSignal) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    init.set_headers(&headers);
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(signal));
    if let Some(body) = &request.body {
        init.set_body(&Uint8Array::from(body.as_slice()));
    }
    Ok(init)
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

async fn read(response: &Response, max_bytes: usize) -> Result<Vec<u8>, TransportError> {
    match announced_length(&response.headers()) {
        Some(length) if length > max_bytes => Err(TransportError::TooLarge),
        Some(_) => read_at_once(response).await,
        None => read_by_chunks(response, max_bytes).await,
    }
}

/// How many bytes the body will have, where that is certain: HTTP ends a body
/// at the length it announced, but decompression may make more of it.
fn announced_length(headers: &Headers) -> Option<usize> {
    let encoding = headers.get(header::CONTENT_ENCODING.as_str()).ok()?;
    let length = headers.get(header::CONTENT_LENGTH.as_str()).ok()??;
    length.parse().ok().filter(|_| encoding.is_none())
}

/// One call into the runtime, where chunks take several each.
async fn read_at_once(response: &Response) -> Result<Vec<u8>, TransportError> {
    let whole = response.array_buffer();
    let whole = JsFuture::from(whole.map_err(|_| TransportError::Connection)?).await;
    let whole = whole.map_err(|_| TransportError::Connection)?;
    Ok(Uint8Array::new(&whole).to_vec())
}

async fn read_by_chunks(response: &Response, max_bytes: usize) -> Result<Vec<u8>, TransportError> {
    let Some(stream) = response.body() else {
        return Ok(Vec::new());
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
