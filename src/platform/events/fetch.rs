//! An HTTPS call.

use std::rc::Rc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use js_sys::{Array, JsString};
use serde::{Serialize, Serializer};
use tower_service::Service as _;
use wasm_bindgen::prelude::*;
use worker::send::SendWrapper;
use worker::{Env, web_sys};

use crate::kernel::{Clock as _, RequestId};
use crate::platform::isolate::services;
use crate::platform::log;
use crate::platform::log::RequestLine;
use crate::web::dispatch::{Context, READ_HEADERS, REQUEST_ID_HEADER, Trace, refuse};
use crate::web::{ApiError, router};

use crate::platform::events::millis;

#[wasm_bindgen(module = "/src/platform/events/fetch.js")]
extern "C" {
    fn head(request: &web_sys::Request, names: &Array) -> String;

    #[wasm_bindgen(catch)]
    fn answer(status: u16, headers: &str, body: &[u8]) -> Result<web_sys::Response, JsValue>;
}

thread_local! {
    /// Built once an isolate, which has one thread.
    static ROUTER: Router = router::build();

    static NAMES: Array = READ_HEADERS.iter().map(|name| JsString::from(name.as_str())).collect();
}

/// Stands for a header whose value has control characters: no text, whoever reads it.
const NO_TEXT: &[u8] = b"\xff";

/// Answers one request, whatever it is.
pub async fn fetch(request: web_sys::Request, env: Env) -> worker::Result<web_sys::Response> {
    let services = services(&env);
    let started = services.clock.now();
    let clock = Rc::clone(&services.clock);
    let context = Context {
        request_id: RequestId::mint(started, &services.random),
        services: Rc::new(services),
    };
    let request_id = context.request_id.clone();
    let head = NAMES.with(|names| head(&request, names));
    let mut lines = head.split('\n');
    let method = lines.next().unwrap_or_default();
    let response = match incoming(&request, method, lines, context.clone()) {
        Ok(request) => {
            let mut router = ROUTER.with(Clone::clone);
            match router.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
        Err(error) => {
            let mut bare = Request::new(Body::empty());
            bare.extensions_mut().insert(SendWrapper(context));
            refuse(&bare, &error)
        }
    };
    let (mut parts, body) = response.into_parts();
    let trace = parts.extensions.remove::<Trace>().unwrap_or_default();
    let status = parts.status.as_u16();
    if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
        parts.headers.insert(REQUEST_ID_HEADER, value);
    }
    let level = match status {
        500.. => "error",
        400..=499 => "warn",
        _ => "info",
    };
    log::write(
        level,
        &RequestLine {
            event: "http.request",
            level,
            request_id: request_id.as_str(),
            method,
            route: trace.route,
            status,
            caller: trace.caller.as_deref(),
            cause: trace.cause.as_deref(),
            duration_ms: millis(clock.now().since(started)),
        },
    );
    outgoing(Response::from_parts(parts, body)).await
}

/// The runtime's request as axum's: URL and headers from the lines of its head.
/// Nothing of it is trusted to be well formed.
fn incoming<'a>(
    request: &web_sys::Request,
    method: &str,
    mut head: impl Iterator<Item = &'a str>,
    context: Context,
) -> Result<Request, ApiError> {
    let uri = path_and_query(head.next().unwrap_or_default())
        .parse::<Uri>()
        .map_err(|_| ApiError::bad_request("path: not a valid URL"))?;
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| ApiError::new(StatusCode::NOT_IMPLEMENTED, "The method is not known"))?;
    let mut headers = HeaderMap::with_capacity(READ_HEADERS.len());
    for line in head {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        // What cannot be a value is not left out: a credential that is none is not the same as no credential.
        let value = HeaderValue::from_bytes(value.as_bytes())
            .or_else(|_| HeaderValue::from_bytes(NO_TEXT))
            .ok();
        let name = READ_HEADERS.into_iter().find(|known| known == name);
        headers.extend(name.zip(value));
    }
    let body = request
        .body()
        .map_or_else(Body::empty, |stream| Body::new(worker::Body::new(stream)));
    let mut incoming = Request::new(body);
    *incoming.method_mut() = method;
    *incoming.uri_mut() = uri;
    *incoming.headers_mut() = headers;
    incoming.extensions_mut().insert(SendWrapper(context));
    Ok(incoming)
}

/// Of an absolute URL what routes are matched with. Scheme and host are the
/// runtime's business, and a host may be what no `Uri` takes.
fn path_and_query(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    rest.find('/')
        .and_then(|start| rest.get(start..))
        .unwrap_or("/")
}

/// Our answer as the runtime's. The body is whole already, so no stream is made.
async fn outgoing(response: Response) -> worker::Result<web_sys::Response> {
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|_| worker::Error::RustError("the answer could not be read".to_owned()))?;
    let headers = serde_json::to_string(&Headers(&parts.headers))
        .map_err(|error| worker::Error::RustError(error.to_string()))?;
    Ok(answer(parts.status.as_u16(), &headers, &body)?)
}

/// Headers as a JSON object. No name of ours comes twice, and every value is
/// visible ASCII.
struct Headers<'a>(&'a HeaderMap);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let headers = self.0.iter();
        serializer.collect_map(headers.map(|(name, value)| {
            let value = value.to_str().unwrap_or_default();
            (name.as_str(), value)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_matched_without_its_host() {
        for (url, expected) in [
            ("https://api.spkey.co/health?x=/y", "/health?x=/y"),
            ("http://127.0.0.1:8787/", "/"),
            ("https://api.spkey.co", "/"),
            ("https://xn--/a//b", "/a//b"),
            ("", "/"),
        ] {
            assert_eq!(path_and_query(url), expected);
        }
    }
}
