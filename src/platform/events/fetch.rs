//! An HTTPS call.

use std::future::Future as _;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use js_sys::{Array, JsString, Promise, Uint8Array};
use serde::{Serialize, Serializer};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use worker::{Env, web_sys};

use crate::app::{ROUTER, after_answer};
use crate::kernel::RequestId;
use crate::kernel::log::{Level, Line};
use crate::platform::bindings::ExecutionContext;
use crate::platform::isolate;
use crate::platform::log::Console;
use crate::web::ApiError;
use crate::web::Reply;
use crate::web::request::{Body, BrokenBody, READ_HEADERS, Request};
use crate::web::router::{Answer, refuse};

#[wasm_bindgen(module = "/src/platform/events/fetch.js")]
extern "C" {
    fn head(request: &web_sys::Request, names: &Array) -> String;

    #[wasm_bindgen(js_name = readBody)]
    fn read_body(request: &web_sys::Request, max_kept: usize, max_read: usize) -> Promise;

    #[wasm_bindgen(catch)]
    fn answer(status: u16, headers: &str, body: &[u8]) -> Result<JsValue, JsValue>;
}

thread_local! {
    static NAMES: Array = READ_HEADERS.iter().map(|name| JsString::from(name.as_str())).collect();
}

/// Stands for a header whose value has control characters, so that it is no text.
const NO_TEXT: &[u8] = b"\xff";

/// Answers one request: by a `Response` where nothing had to be waited for, as in most refusals, and otherwise by a
/// promise of one, whose making and keeping costs a twentieth of a refusal.
pub fn fetch(
    request: web_sys::Request,
    env: Env,
    context: ExecutionContext,
) -> Result<JsValue, JsValue> {
    let mut answer = Box::pin(respond(request, env, context));
    // No one can be woken yet. The promise polls again in any case, and gives everything that is waited for the waker
    // that counts.
    match answer
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(answer) => answer,
        Poll::Pending => Ok(future_to_promise(answer).into()),
    }
}

async fn respond(
    request: web_sys::Request,
    env: Env,
    context: ExecutionContext,
) -> Result<JsValue, JsValue> {
    let services = Rc::new(isolate::services(&env, Some(context)));
    let clock = Rc::clone(&services.clock);
    let started = clock.now();
    let request_id = RequestId::mint(started, &*services.random);
    let head = NAMES.with(|names| head(&request, names));
    let mut lines = head.split('\n');
    let method = lines.next().unwrap_or_default();
    let answer = match incoming(request, method, lines) {
        Ok(request) => {
            let services = Rc::clone(&services);
            ROUTER.respond(request, services, request_id.clone()).await
        }
        Err(error) => refuse(error, &request_id),
    };
    after_answer(&services, answer.reply.status, &request_id, Console);
    let (answer, response) = match outgoing(&answer.reply) {
        Ok(response) => (answer, response),
        Err(_) => {
            let error = ApiError::internal("the runtime did not take the answer");
            let failed = refuse(error, &request_id);
            let response = outgoing(&failed.reply)?;
            (failed, response)
        }
    };
    let duration = clock.now().since(started);
    log_request(&answer, &request_id, method, duration);
    Ok(response)
}

/// What the log tells of a request.
#[derive(Serialize)]
struct RequestFields<'a> {
    #[serde(rename = "http.method")]
    method: &'a str,
    /// The route's template; null where no route matched.
    #[serde(rename = "http.route")]
    route: Option<&'a str>,
    #[serde(rename = "http.status")]
    status: u16,
    /// Who called, as the audit trail names them; of a person before their account is read, the masked
    /// subject.
    #[serde(rename = "caller.name")]
    caller: Option<&'a str>,
    /// Whose 3dEye login was asked for; null for every other request.
    #[serde(rename = "user.id")]
    user: Option<&'a str>,
}

fn log_request(answer: &Answer, request_id: &RequestId, method: &str, duration: Duration) {
    let status = answer.reply.status.as_u16();
    let line = Line {
        event: "http.request",
        level: match status {
            500.. => Level::Error,
            400..=499 => Level::Warn,
            _ => Level::Info,
        },
        request_id: request_id.as_str(),
        fields: RequestFields {
            method,
            route: answer.route,
            status,
            caller: answer.caller.as_deref(),
            user: answer.user.as_deref(),
        },
        cause: answer.cause.as_deref(),
        duration,
    };
    line.write(&Console);
}

/// The runtime's request as ours. Nothing of it is trusted to be well formed.
fn incoming<'a>(
    request: web_sys::Request,
    method: &str,
    mut head: impl Iterator<Item = &'a str>,
) -> Result<Request, ApiError> {
    let url = head.next().unwrap_or_default();
    let origin = origin(url).to_owned();
    let url = path_and_query(url);
    let (path, query) = match url.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (url, None),
    };
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| ApiError::new(StatusCode::NOT_IMPLEMENTED, "The method is not known"))?;
    let has_body = head.next() == Some("body");
    let mut headers = HeaderMap::with_capacity(READ_HEADERS.len());
    for line in head {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        // What cannot be a value is not left out: an unreadable credential is not the same as no credential.
        let value = HeaderValue::from_bytes(value.as_bytes())
            .or_else(|_| HeaderValue::from_bytes(NO_TEXT))
            .ok();
        let name = READ_HEADERS.into_iter().find(|known| known == name);
        headers.extend(name.zip(value));
    }
    let body = has_body.then(|| {
        let body: Rc<dyn Body> = Rc::new(RuntimeBody(request));
        body
    });
    Ok(Request {
        method,
        origin,
        path: path.to_owned(),
        query,
        headers,
        body,
    })
}

struct RuntimeBody(web_sys::Request);

impl Body for RuntimeBody {
    fn read(
        &self,
        max_kept: usize,
        max_read: usize,
    ) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BrokenBody>> {
        Box::pin(async move {
            let read = JsFuture::from(read_body(&self.0, max_kept, max_read)).await;
            let bytes = read.map_err(|_| BrokenBody)?;
            let bytes: Option<Uint8Array> = bytes.dyn_into().ok();
            Ok(bytes.map(|bytes| bytes.to_vec()))
        })
    }
}

/// Of an absolute URL what routes are matched with, without a fragment. Scheme and host are
/// the runtime's.
fn path_and_query(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let path = rest.find('/').and_then(|start| rest.get(start..));
    let path = path.unwrap_or("/");
    path.split_once('#').map_or(path, |(path, _)| path)
}

/// Of an absolute URL scheme, host and port.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |end| end + 3);
    let rest = url.get(host..).unwrap_or_default();
    let length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    url.get(..host + length).unwrap_or_default()
}

/// Our answer as the runtime's.
fn outgoing(reply: &Reply) -> Result<JsValue, JsValue> {
    let headers = serde_json::to_string(&Headers(&reply.headers));
    let headers = headers.map_err(|error| JsValue::from(error.to_string()))?;
    answer(reply.status.as_u16(), &headers, &reply.body)
}

/// Headers as a JSON object, every value in visible ASCII. Of ours only `Set-Cookie` comes twice; its values
/// stand a line each.
struct Headers<'a>(&'a HeaderMap);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.keys().map(|name| {
            let values = self.0.get_all(name).iter();
            let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
            (name.as_str(), values.join("\n"))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_ends_with_the_host() {
        for (url, expected) in [
            ("https://api.spkey.co/health?x=/y", "https://api.spkey.co"),
            ("http://127.0.0.1:8787/", "http://127.0.0.1:8787"),
            ("https://api.spkey.co", "https://api.spkey.co"),
            ("https://api.spkey.co?a", "https://api.spkey.co"),
            ("", ""),
        ] {
            assert_eq!(origin(url), expected);
        }
    }

    #[test]
    fn a_url_is_matched_without_its_host() {
        for (url, expected) in [
            ("https://api.spkey.co/health?x=/y", "/health?x=/y"),
            ("http://127.0.0.1:8787/", "/"),
            ("https://api.spkey.co", "/"),
            ("https://xn--/a//b", "/a//b"),
            ("https://api.spkey.co/a?b#c", "/a?b"),
            ("", "/"),
        ] {
            assert_eq!(path_and_query(url), expected);
        }
    }

    #[test]
    fn cookies_are_a_line_each() {
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", HeaderValue::from_static("no-store"));
        headers.append("set-cookie", HeaderValue::from_static("a=1"));
        headers.append("set-cookie", HeaderValue::from_static("b=2"));
        assert_eq!(
            serde_json::json!(Headers(&headers)),
            serde_json::json!({ "cache-control": "no-store", "set-cookie": "a=1\nb=2" })
        );
    }
}
