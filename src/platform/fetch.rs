//! [`HttpClient`] on the runtime's `fetch`.

use futures_util::future::LocalBoxFuture;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use js_sys::{Promise, Uint8Array};
use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};

#[wasm_bindgen(module = "/src/platform/fetch.js")]
extern "C" {
    type Exchange;

    #[wasm_bindgen(constructor)]
    fn new(order: &str, body: Option<&[u8]>) -> Exchange;

    #[wasm_bindgen(method, getter)]
    fn body(this: &Exchange) -> Promise;

    #[wasm_bindgen(method, getter)]
    fn status(this: &Exchange) -> u16;

    #[wasm_bindgen(method, getter, js_name = retryAfter)]
    fn retry_after(this: &Exchange) -> Option<String>;

    #[wasm_bindgen(method)]
    fn abort(this: &Exchange);
}

/// Sends requests with the runtime's `fetch`.
///
/// - Redirects are not followed: a 3xx is an answer like any other, and our
///   credentials go nowhere but to the host we were told.
/// - The time allowed covers connecting, headers and the whole body. Once it is
///   up, or the caller drops the future, the request is aborted, which frees
///   its connection: six are all that an invocation has.
/// - A body whose length is certain beforehand is read at once, or not at all
///   where that exceeds the cap; any other is read chunk by chunk and cancelled
///   at the cap, which counts bytes after decompression.
/// - Of the headers only `Retry-After` is kept. A copy of all would have to cope
///   with values that `http` does not accept.
/// - A request that the runtime refuses to build (a line break in a header, say)
///   fails as [`HttpError::Connection`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Fetch;

impl HttpClient for Fetch {
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        Box::pin(async move {
            let order = Order {
                url: &request.url,
                method: request.method.as_str(),
                headers: request.headers(),
                timeout_ms: i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX),
                max_bytes,
            };
            let order = serde_json::to_string(&order).map_err(|_| HttpError::Connection)?;
            let exchange = Exchange::new(&order, request.body.as_deref());
            let abort = AbortOnDrop(&exchange);
            let settled = JsFuture::from(exchange.body()).await;
            abort.disarm();
            let body: Uint8Array = settled.map_err(|reason| why(&reason))?.unchecked_into();
            Ok(HttpResponse {
                status: exchange.status(),
                headers: kept(&exchange),
                body: body.to_vec(),
            })
        })
    }
}

/// An exchange as `fetch.js` is told of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    url: &'a str,
    method: &'a str,
    /// An object: of a list of pairs the runtime would take three times as long.
    #[serde(serialize_with = "as_object")]
    headers: &'a [(&'static str, String)],
    timeout_ms: i32,
    max_bytes: usize,
}

fn as_object<S: Serializer>(
    headers: &[(&'static str, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.iter().map(|(name, value)| (name, value)))
}

/// Aborts an exchange that the caller lost interest in.
struct AbortOnDrop<'a>(&'a Exchange);

impl AbortOnDrop<'_> {
    /// The exchange has ended.
    fn disarm(self) {
        std::mem::forget(self);
    }
}

impl Drop for AbortOnDrop<'_> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn why(reason: &JsValue) -> HttpError {
    match reason.as_string().as_deref() {
        Some("timed out") => HttpError::TimedOut,
        Some("too large") => HttpError::TooLarge,
        _ => HttpError::Connection,
    }
}

fn kept(exchange: &Exchange) -> HeaderMap {
    let value = exchange.retry_after();
    let value = value.and_then(|value| HeaderValue::from_str(&value).ok());
    value
        .map(|value| (header::RETRY_AFTER, value))
        .into_iter()
        .collect()
}
