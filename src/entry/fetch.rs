//! An HTTPS call.

use std::rc::Rc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use tower_service::Service as _;
use worker::send::SendWrapper;
use worker::{Env, Headers, ResponseBuilder};

use crate::http::dispatch::{Context, REQUEST_ID_HEADER, Trace, refuse};
use crate::http::services::Services;
use crate::http::{ApiError, router};
use crate::kernel::{Clock as _, RequestId};
use crate::platform::isolate::Isolate;
use crate::platform::log::{self, RequestLine};

use super::millis;

thread_local! {
    /// Built once an isolate, which has one thread.
    static ROUTER: Router = router::build();
}

/// Answers one request, whatever it is.
pub async fn fetch(request: worker::Request, env: Env) -> worker::Result<worker::Response> {
    let services = Isolate::with(|isolate| Services::new(env, isolate));
    let started = services.clock.now();
    let clock = services.clock;
    let context = Context {
        request_id: RequestId::mint(started, &services.random),
        services: Rc::new(services),
    };
    let request_id = context.request_id.clone();
    let method = request.inner().method();
    let response = match incoming(&request, context.clone()) {
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
            method: &method,
            route: trace.route,
            status,
            caller: trace.caller.as_deref(),
            cause: trace.cause.as_deref(),
            duration_ms: millis(clock.now().since(started)),
        },
    );
    outgoing(Response::from_parts(parts, body)).await
}

/// The runtime's request as axum's. Nothing of it is trusted to be well formed.
fn incoming(request: &worker::Request, context: Context) -> Result<Request, ApiError> {
    let raw = request.inner();
    let url = raw.url();
    let uri: Uri = url
        .parse()
        .map_err(|_| ApiError::bad_request("path: not a valid URL"))?;
    let method = Method::from_bytes(raw.method().as_bytes())
        .map_err(|_| ApiError::new(StatusCode::NOT_IMPLEMENTED, "The method is not known"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers() {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(ApiError::bad_request("headers: not valid"));
        };
        headers.append(name, value);
    }
    let body = raw
        .body()
        .map_or_else(Body::empty, |stream| Body::new(worker::Body::new(stream)));
    let mut incoming = Request::new(body);
    *incoming.method_mut() = method;
    *incoming.uri_mut() = uri;
    *incoming.headers_mut() = headers;
    incoming.extensions_mut().insert(SendWrapper(context));
    Ok(incoming)
}

/// Our answer as the runtime's. The body is whole already, so no stream is made.
async fn outgoing(response: Response) -> worker::Result<worker::Response> {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|_| worker::Error::RustError("the answer could not be read".to_owned()))?;
    let builder = ResponseBuilder::new()
        .with_status(parts.status.as_u16())
        .with_headers(Headers::from(parts.headers));
    Ok(if bytes.is_empty() {
        builder.empty()
    } else {
        builder.fixed(bytes.into())
    })
}
